-- console.lua - in a transcript, what is typed stands out from what is printed.
--
-- A prompt is `$ `, `# `, or one of those behind a word or two ("/ # ",
-- "inside# ").  A block with a session is one of several terminals: it says
-- which.

local function escape(text)
	return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;",
				     [">"] = "&gt;" }))
end

local function shown(line)
	local prompt, typed = line:match("^([%w/~@:.-]*%s?[$#] )(.*)$")
	if prompt then
		return '<span class="prompt">' .. escape(prompt) ..
			"</span><b>" .. escape(typed) .. "</b>"
	elseif line == "..." or line:match("^%[exit %d+%]$") then
		return '<span class="left-out">' .. line .. "</span>"
	end
	return (escape(line):gsub("%[%.%.%]",
				  '<span class="left-out">[..]</span>'))
end

function CodeBlock(block)
	if not block.classes:includes("console") then
		return nil
	end
	local lines = {}
	for line in (block.text .. "\n"):gmatch("([^\n]*)\n") do
		lines[#lines + 1] = shown(line)
	end
	local pre = pandoc.RawBlock(
		"html", '<pre class="' .. table.concat(block.classes, " ") ..
		'"><code>' .. table.concat(lines, "\n") .. "</code></pre>")
	local session = block.attributes.session
	if not session then
		return pre
	end
	local caption = pandoc.Plain({ pandoc.Str("terminal " .. session) })
	return pandoc.Div({ pandoc.Div({ caption },
				       pandoc.Attr("", { "caption" })), pre },
			  pandoc.Attr("", { "listing" }))
end
