-- include.lua - code is taken from the files that are compiled.
--
--	``` {.c include=FILE name=NAME}	a definition; comment=yes: what is above
--	``` {.c include=FILE part=NAME}	what is between two markers
--	``` {.c include=FILE}		the whole file
--	`NAME`{.src}  `NAME`{.src in=FILE}	"NAME (FILE:LINE)"
--	`FILE`{.file}			a file that must be there
--
-- What is quoted carries its true path and lines; what cannot be found, or is
-- found twice, ends the build.  The parts used are told to build.py, which
-- knows those that are not, in the metadata `parts`.

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"
local source = require "source"

local parts_used = {}

-- The one that has this name; else the words for a fault.
local function only(found, name, kind, path)
	local hits, places = {}, {}
	for _, one in ipairs(found) do
		if one.name == name then
			hits[#hits + 1] = one
			places[#places + 1] = (one.path or path) .. ":" ..
				(one.line or one.first - 1)
		end
	end
	if #hits == 0 then
		return nil, path .. " has no " .. kind .. ' "' .. name .. '"'
	elseif #hits > 1 then
		return nil, 'which "' .. name .. '"? ' ..
			table.concat(places, ", ")
	end
	return hits[1]
end

local function span(lines, path, attributes)
	local name, part = attributes.name, attributes.part
	if part then
		parts_used[#parts_used + 1] = path .. " " .. part
		return only(source.parts(lines), part, "part", path)
	elseif not name then
		return { first = 1, last = #lines }
	end
	local found, why = only(source.definitions(lines), name, "definition",
				path)
	if found and attributes.comment == "yes" then
		found.first = source.comment_above(lines, found.first)
	end
	return found, why
end

-- Tabs as blanks: not everything that shows the book knows a tab of eight.
local function expanded(line)
	local out = ""
	for text, tab in line:gmatch("([^\t]*)(\t?)") do
		out = out .. text
		if tab ~= "" then
			out = out .. (" "):rep(8 - utf8.len(out) % 8)
		end
	end
	return out
end

local function quoted(lines, found)
	local hidden, out, margin = source.markers(lines), {}, 80
	for i = found.first, found.last do
		if not hidden[i] then
			local line = expanded(lines[i])
			if line:match("%S") then
				margin = math.min(margin, #line:match("^ *"))
			end
			out[#out + 1] = line
		end
	end
	for i, line in ipairs(out) do
		out[i] = line:sub(margin + 1)
	end
	return table.concat(out, "\n")
end

local function listing(block)
	local path = block.attributes.include
	if not path then
		block.text = table.concat(
			pandoc.List.map(book.lines(block.text), expanded), "\n")
		return block
	end
	local function fault(why)
		local part = block.attributes.part or block.attributes.name
		book.fault(why, "include=" .. path, part and "=" .. part)
	end
	local text = book.read(path)
	if not text then
		fault("there is no file " .. path)
	elseif block.text ~= "" then
		fault("a listing from " .. path .. " is written with no lines")
	end
	local lines = book.lines(text)
	local found, why = span(lines, path, block.attributes)
	if not found then
		fault(why)
	end
	local place = ("%s:%d-%d"):format(path, found.first, found.last)
	return pandoc.Div({
		pandoc.Div({ pandoc.Plain({ pandoc.Str(place) }) },
			   pandoc.Attr("", { "caption" })),
		pandoc.CodeBlock(quoted(lines, found),
				 pandoc.Attr("", block.classes)),
	}, pandoc.Attr(block.identifier, { "listing" }))
end

-- Every definition in the sources; copies in later chapters are not listed.
local everywhere
local function all_definitions()
	if everywhere then
		return everywhere
	end
	everywhere = {}
	for _, path in ipairs(book.list("sources")) do
		local lines = book.lines(book.read(path))
		for _, one in ipairs(source.definitions(lines)) do
			one.path = path
			everywhere[#everywhere + 1] = one
		end
	end
	return everywhere
end

local function reference(code)
	local path, found = code.attributes["in"], nil
	local mark = "`" .. code.text .. "`{.src"
	if not path then
		found = all_definitions()
	elseif book.read(path) then
		found = source.definitions(book.lines(book.read(path)))
	else
		book.fault("there is no file " .. path, mark, path)
	end
	local one, why = only(found, code.text, "definition",
			      path or "the source")
	if not one then
		book.fault(why, mark, path)
	end
	return pandoc.Span({ pandoc.Code(code.text), pandoc.Space(),
			     pandoc.Str(("(%s:%d)"):format(path or one.path,
							   one.line)) },
			   pandoc.Attr("", { "src" }))
end

local function inline(code)
	if code.classes:includes("src") then
		return reference(code)
	elseif code.classes:includes("file") and
		not io.open(code.text) then
		book.fault("there is no file " .. code.text,
			   "`" .. code.text .. "`{.file")
	end
end

local function tell(meta)
	meta.parts = pandoc.MetaList(pandoc.List.map(parts_used,
						     pandoc.MetaString))
	return meta
end

return { { CodeBlock = listing }, { Code = inline }, { Meta = tell } }
