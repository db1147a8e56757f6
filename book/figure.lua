-- figure.lua - Graphviz figures, drawn in the text or taken from a live kernel.
--
--	``` {.dot caption="..." alt="..."}		the graph is in the block
--	``` {.dot src=figures/NAME.dot caption= alt=}	it is in a file
--
-- Each becomes an SVG file and a picture; page.lua puts it into the HTML.  A
-- figure says in `alt` what it shows, for those who cannot see it.

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"

local FONT = "fontname=Helvetica,Arial,sans-serif"
local STYLE = { "-Tsvg", "-Gbgcolor=transparent", "-G" .. FONT, "-N" .. FONT,
		"-E" .. FONT, "-Nfontsize=11", "-Efontsize=10" }

local count = 0

local function drawn(graph, fault)
	local done, svg = pcall(pandoc.pipe, "dot", STYLE, graph)
	if not done then
		fault("dot cannot draw this figure (it says why above)")
	end
	-- An EPUB may not name an external DTD; and node names as tooltips would
	-- be read out instead of the alt text.
	svg = svg:match("<svg.*</svg>\n"):gsub("<!%-%-.-%-%->\n?", "")
		:gsub("<title>.-</title>\n?", "")
	count = count + 1
	local name = ("figures/%s-%d.svg"):format(
		book.page:match("([^/]+)%.md$"), count)
	local file = assert(io.open(book.work .. "/" .. name, "wb"))
	file:write(svg)
	file:close()
	return name
end

local function words(text)
	return text and text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
end

local function figure(block)
	local src, graph = block.attributes.src, block.text
	local function fault(why)
		if src then
			book.fault(why, "src=" .. src)
		end
		book.fault(why, graph ~= "" and graph or "{.dot")
	end
	local alt = words(block.attributes.alt)
	if not alt or alt == "" then
		fault("the figure has no alt text")
	elseif src then
		graph = book.read("book/" .. src)
	end
	if not graph then
		fault("there is no file book/" .. src)
	end
	local picture = pandoc.Image({ pandoc.Str(alt) }, drawn(graph, fault))
	local blocks = { pandoc.Plain({ picture }) }
	local caption = words(block.attributes.caption)
	if caption then
		blocks[2] = pandoc.Div(pandoc.read(caption, "markdown").blocks,
				       pandoc.Attr("", { "caption" }))
	end
	return pandoc.Div(blocks, pandoc.Attr(block.identifier, { "figure" }))
end

local function no_other(image)
	book.fault("a picture is a {.dot} figure, so that it can be redrawn",
		   image.src)
end

return {
	{ Image = no_other },
	{ CodeBlock = function(block)
		return block.classes:includes("dot") and figure(block) or nil
	end },
}
