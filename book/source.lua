-- source.lua - a C file as the book quotes it: its definitions by name, its
-- parts between markers, and which of its lines are markers.
--
-- It reads the project's own style (tests/repo), not C: a definition begins in
-- column 0 and ends at a brace, a semicolon or a line that does not go on.

local source = {}

-- The last line, from `first` on, that matches the pattern.
local function up_to(lines, first, pattern)
	for last = first, #lines do
		if lines[last]:match(pattern) then
			return last
		end
	end
	return #lines
end

local function is_type(line)
	return line and line:match("^[%a_]") and not line:match("[;:(]")
end

local function has_body(lines, head)
	for i = head, #lines do
		if lines[i] == "{" then
			return true
		elseif lines[i]:match(";%s*$") then
			return false
		end
	end
end

local function macro(lines, i)
	local name = lines[i]:match("^#define%s+([%a_][%w_]*)")
	return name, i, name and up_to(lines, i, "[^\\]$")
end

local function type_of_data(lines, i)
	local kind, name = lines[i]:match("^(%l+)%s+([%a_][%w_]*)%s*{")
	if kind == "struct" or kind == "union" or kind == "enum" then
		return name, i, up_to(lines, i, "};?%s*$")
	end
end

local function a_function(lines, i)
	local name = lines[i]:match("^([%a_][%w_]*)%(")
	if name and is_type(lines[i - 1]) and has_body(lines, i) then
		return name, i - 1, up_to(lines, i, "^}")
	end
end

local function variable(lines, i)
	local head = lines[i]:match("^([%a_][^=;({]*)[=;]")
	if not head or head:match("^extern%s") or head:match("^typedef%s")
		or head:match("^struct%s+[%w_]+%s*$") then
		return
	end
	head = head:gsub("%b[]", ""):gsub("%s+$", "")
	local name = head:match("^.+[%s*]([%a_][%w_]*)$")
	return name, i, name and up_to(lines, i, lines[i]:match("{$") and "^}"
				       or ";%s*$")
end

-- All definitions: name, the line that has it, the first and the last line.
function source.definitions(lines)
	local found = {}
	for i = 1, #lines do
		for _, kind in ipairs({ macro, type_of_data, a_function,
					variable }) do
			local name, first, last = kind(lines, i)
			if name then
				found[#found + 1] = { name = name, line = i,
						      first = first,
						      last = last }
				break
			end
		end
	end
	return found
end

-- The first line of the comment that ends directly above a line.
function source.comment_above(lines, first)
	local i = first - 1
	if not (lines[i] or ""):match("%*/%s*$") then
		return first
	end
	while i > 1 and not lines[i]:match("^%s*/%*") do
		i = i - 1
	end
	return i
end

-- Every part: name, the lines between its markers.
function source.parts(lines)
	local found = {}
	for i, line in ipairs(lines) do
		local name = line:match("^%s*/%* part ([%w_-]+) %*/%s*$")
		if name and name ~= "end" then
			local last = up_to(lines, i, "^%s*/%* part end %*/")
			found[#found + 1] = { name = name, first = i + 1,
					      last = last - 1 }
		end
	end
	return found
end

-- The lines that are for tools and not for readers: markers of parts and labs.
function source.markers(lines)
	local hidden, i = {}, 1
	while i <= #lines do
		local last = i
		if lines[i]:match("^%s*/%* lab ") then
			last = up_to(lines, i, "%*/")
		elseif not lines[i]:match("^%s*/%* part [%w_-]+ %*/%s*$") then
			last = i - 1
		end
		for line = i, last do
			hidden[line] = true
		end
		i = math.max(last, i) + 1
	end
	return hidden
end

return source
