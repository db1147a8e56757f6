-- book.lua - what the filters share: where they are, and how a fault ends the
-- build.  They run with the repository's top as working directory, each page
-- by itself; build.py names the directory for what they make in BOOK_WORK.

local book = {}

book.page = PANDOC_STATE.input_files[1]
book.work = os.getenv("BOOK_WORK")

function book.read(path)
	local file = io.open(path, "rb")
	local text = file and file:read("a")
	if file then
		file:close()
	end
	return text
end

function book.lines(text)
	local lines = {}
	for line in (text:gsub("\n$", "") .. "\n"):gmatch("([^\n]*)\n") do
		lines[#lines + 1] = line
	end
	return lines
end

-- A list that build.py wrote down: "pages" or "sources", in their order.
function book.list(name)
	return book.lines(book.read(book.work .. "/" .. name))
end

function book.parse(path)
	return pandoc.read(book.read(path), "markdown")
end

-- The number of the line where `text` begins, when `also` is in that line.
local function find(path, text, also)
	local source = book.read(path) or ""
	local at = 0
	repeat
		at = source:find(text, at + 1, true)
		local before = at and source:sub(1, at - 1)
		if at and (before:match("[^\n]*$") ..
			   source:match("[^\n]*", at)):find(also, 1, true) then
			return select(2, before:gsub("\n", "")) + 1
		end
	until not at
end

-- Pandoc's tree does not know lines, so a fault is found again by its text.
-- What was taken in from another page or from a lab sheet is looked for there.
function book.fault(what, text, also)
	local places = { book.page, table.unpack(book.list("pages")) }
	for sheet in book.read(book.page):gmatch("src=(labs/[%w.-]+)") do
		table.insert(places, 2, "book/" .. sheet)
	end
	local where = book.page .. ":1"
	for _, path in ipairs(places) do
		local line = find(path, text, also or "")
		if line then
			where = path .. ":" .. line
			break
		end
	end
	io.stderr:write(where, ": ", what, "\n")
	os.exit(1)
end

return book
