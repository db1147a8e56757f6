-- width.lua - no listing is wider than the page.
--
-- A4 with its margins takes 80 columns of the type the code is set in, and 100
-- of one step smaller: so 80 for code, which the sources keep anyway, and 100
-- for what programs print, which nobody can wrap.  Such blocks are marked
-- `wide`, for the style sheets.

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"

local CODE, PRINTED = 80, 100
local printed = { [""] = true, text = true, console = true }

function CodeBlock(block)
	local limit = printed[block.classes[1] or ""] and PRINTED or CODE
	local widest = 0
	for line in block.text:gmatch("[^\n]+") do
		local columns = utf8.len(line)
		if columns > limit then
			book.fault(("%d columns; %d fit the page"):format(
				columns, limit), line:match("%S.*"))
		end
		widest = math.max(widest, columns)
	end
	if widest > CODE then
		block.classes:insert("wide")
		return block
	end
end
