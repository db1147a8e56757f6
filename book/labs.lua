-- labs.lua - the lab sheet of a chapter, in the chapter's page.
--
--	::: {.labs src=labs/ch01.md}
--	:::
--
-- Its headings begin at the third rank, for it stands in a section of the page.

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
	return book.parse(path).blocks
end
