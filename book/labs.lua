-- labs.lua - the lab sheet of a chapter, in the chapter's page.
--
--	::: {.labs src=labs/ch01.md}
--	:::
--
-- The same file is the README of the learner's directory, so it begins with a
-- title there; here its title goes, and its sections move down by one.

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"

function Div(div)
	if not div.classes:includes("labs") then
		return nil
	end
	local path = "book/" .. (div.attributes.src or "")
	if not div.attributes.src or not book.read(path) then
		book.fault("there is no file " .. path, "{.labs")
	end
	local blocks = book.parse(path).blocks
	if blocks[1] and blocks[1].t == "Header" and blocks[1].level == 1 then
		blocks:remove(1)
	end
	return pandoc.walk_block(pandoc.Div(blocks), {
		Header = function(header)
			header.level = header.level + 1
			return header
		end,
	}).content
end
