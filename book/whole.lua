-- whole.lua - all pages as one document, for EPUB and PDF: ids carry the name
-- of their page, and links between pages become links within the document.
--
-- build.py puts an empty Div with the class `page` before each page's blocks.

local page

local function of_page(id)
	return id ~= "" and page .. "--" .. id or ""
end

local function named(element)
	element.identifier = of_page(element.identifier)
	return element
end

local function link(element)
	local target = element.target
	local name, anchor = target:match("^([%w-]+)%.md#?(.*)$")
	if name then
		element.target = "#" .. name ..
			(anchor ~= "" and "--" .. anchor or "")
	elseif target:match("^#") then
		element.target = "#" .. of_page(target:sub(2))
	end
	return element
end

-- A link to a page goes to its title.
local function title(header)
	if header.level == 1 then
		header.identifier = page
		return header
	end
	return named(header)
end

local FILTER = { Header = title, Div = named, Span = named, Code = named,
		 CodeBlock = named, Link = link }

function Pandoc(doc)
	local blocks = pandoc.List()
	for _, block in ipairs(doc.blocks) do
		if block.t == "Div" and block.classes:includes("page") then
			page = block.identifier
		else
			blocks:extend(pandoc.walk_block(
				pandoc.Div({ block }), FILTER).content)
		end
	end
	doc.blocks = blocks
	return doc
end
