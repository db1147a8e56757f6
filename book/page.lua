-- page.lua - the last touch for a page of the HTML: figures stand in the page
-- itself, where they follow light and dark, and links go to .html.  A figure
-- shrinks with its column to two thirds of its size; then it scrolls.

local count = 0

local function escape(text)
	return (text:gsub("[&<\"]", { ["&"] = "&amp;", ["<"] = "&lt;",
				      ['"'] = "&quot;" }))
end

function Image(image)
	local file = assert(io.open(image.src, "rb"))
	local svg = file:read("a")
	file:close()
	count = count + 1
	local prefix = ("f%d-"):format(count)
	svg = svg:gsub(' id="', ' id="' .. prefix)
		:gsub('url%(#', 'url(#' .. prefix)
		:gsub('xlink:href="#', 'xlink:href="#' .. prefix)
	local label = ('<svg role="img" aria-label="%s" ' ..
		       'style="min-width:%dpt"'):format(
		escape(pandoc.utils.stringify(image.caption)),
		svg:match('width="(%d+)') * 2 // 3)
	return pandoc.RawInline("html", label .. svg:sub(5))
end

function Link(link)
	link.target = link.target:gsub("^([%w-]+)%.md", "%1.html")
	return link
end
