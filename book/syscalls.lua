-- syscalls.lua - the index of system calls, and their marks in the text.
--
--	`clone3(2)`{.sys}	a call that is explained here
--	::: {.syscalls}
--	:::			the index of all marks, by name

package.path = PANDOC_SCRIPT_FILE:match("^(.*/)") .. "?.lua;" .. package.path
local book = require "book"

-- name -> links to the sections that have a mark, each section once.
local function marks()
	local found = {}
	for _, path in ipairs(book.list("pages")) do
		local page, title, id = path:match("[^/]+$"), nil, nil
		local function mark(code)
			if not code.classes:includes("sys") then
				return nil
			end
			local links = found[code.text] or {}
			found[code.text] = links
			local target = page .. id
			if not links[target] then
				links[target] = true
				links[#links + 1] = pandoc.Link(title, target)
			end
		end
		for _, block in ipairs(book.parse(path).blocks) do
			if block.t == "Header" then
				title = block.content
				id = block.level == 1 and "" or
					"#" .. block.identifier
			end
			pandoc.walk_block(pandoc.Div({ block }), { Code = mark })
		end
	end
	return found
end

local function index()
	local found, names, rows = marks(), {}, {}
	for name in pairs(found) do
		names[#names + 1] = name
	end
	table.sort(names)
	for _, name in ipairs(names) do
		local where = {}
		for _, link in ipairs(found[name]) do
			if #where > 0 then
				where[#where + 1] = pandoc.Str("; ")
			end
			where[#where + 1] = link
		end
		rows[#rows + 1] = { { pandoc.Code(name) },
				    { { pandoc.Plain(where) } } }
	end
	return pandoc.DefinitionList(rows)
end

function Div(div)
	return div.classes:includes("syscalls") and { index() } or nil
end
