-- collect.lua - a section that every chapter has, all of them on one page.
--
--	::: {.collect section=wrong}
--	:::
--
-- becomes, of every page that has a section with this id, a section under the
-- page's title.

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"

-- The blocks of the section, up to the next of its rank, and the page's title.
local function section(blocks, id)
	local found, title, level = pandoc.List(), nil, nil
	for _, block in ipairs(blocks) do
		local head = block.t == "Header"
		if head and block.level == 1 then
			title = block.content
		end
		if head and level and block.level <= level then
			break
		elseif head and block.identifier == id then
			level = block.level
		elseif level then
			found:insert(block)
		end
	end
	return level and found, title
end

-- An id is the page's own, and so is a link to one.
local function moved(page)
	return {
		Header = function(header)
			header.identifier = ""
			return header
		end,
		CodeBlock = function(block)
			block.identifier = ""
			return block
		end,
		Link = function(link)
			if link.target:match("^#") then
				link.target = page .. link.target
				return link
			end
		end,
	}
end

function Div(div)
	if not div.classes:includes("collect") then
		return nil
	end
	local id, all = div.attributes.section, pandoc.List()
	for _, path in ipairs(book.list("pages")) do
		local name = path:match("[^/]+$")
		local found, title = section(book.parse(path).blocks, id)
		if found then
			all:insert(pandoc.Header(2, {
				pandoc.Link(title, name .. "#" .. id) },
				pandoc.Attr(name:match("^(.*)%.md$"))))
			all:extend(pandoc.walk_block(pandoc.Div(found),
						     moved(name)).content)
		end
	end
	if #all == 0 then
		book.fault('no page has a section "' .. id .. '"', "{.collect",
			   id)
	end
	return all
end
