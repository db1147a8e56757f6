-- table.lua - a table takes the room its cells need, not what the dashes of the
-- source say, and stands in a box that can scroll on a phone.

function Table(tab)
	if tab.colspecs then
		for i, spec in ipairs(tab.colspecs) do
			tab.colspecs[i] = { spec[1], nil }
		end
	else			-- pandoc before 2.10
		for i = 1, #tab.widths do
			tab.widths[i] = 0
		end
	end
	return pandoc.Div({ tab }, pandoc.Attr("", { "table" }))
end
