/* search.js - search in the book, without a server.
 *
 * search-index.js holds the text of every section.  A section is found when it
 * has all the words, as beginnings of words; one that has them in its heading
 * stands above one that only mentions them. */
"use strict";

(function () {
	const field = document.getElementById("search");
	const results = document.getElementById("results");
	const MOST = 20, AROUND = 60;

	function pattern(word) {
		const plain = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		return new RegExp("(^|[^\\p{L}\\p{N}])(" + plain + ")", "iu");
	}

	function score(section, words) {
		let sum = 0;
		for (const word of words) {
			if (word.test(section.title))
				sum += 3;
			else if (word.test(section.text))
				sum += 1;
			else
				return 0;
		}
		return sum;
	}

	/* The text around the first word, with that word marked. */
	function excerpt(section, word) {
		const place = document.createElement("p");
		const found = word.exec(section.text);
		if (!found) {
			place.textContent = section.text.slice(0, 2 * AROUND);
			return place;
		}
		const from = found.index + found[1].length;
		const to = from + found[2].length;
		const mark = document.createElement("mark");
		mark.textContent = section.text.slice(from, to);
		place.append(section.text.slice(Math.max(0, from - AROUND), from),
			     mark, section.text.slice(to, to + AROUND));
		return place;
	}

	function row(section, word) {
		const item = document.createElement("li");
		const link = document.createElement("a");
		link.href = section.at;
		link.textContent = section.title;
		if (section.page !== section.title) {
			const page = document.createElement("i");
			page.textContent = section.page;
			link.append(" ", page);
		}
		item.append(link, excerpt(section, word));
		return item;
	}

	function search() {
		const words = field.value.split(/\s+/).filter(Boolean)
			.map(pattern);
		results.replaceChildren();
		results.hidden = words.length === 0;
		if (results.hidden)
			return;
		const found = window.bookIndex
			.map((section) => [score(section, words), section])
			.filter(([points]) => points > 0)
			.sort(([a], [b]) => b - a);
		for (const [, section] of found.slice(0, MOST))
			results.append(row(section, words[0]));
		if (found.length === 0) {
			const item = document.createElement("li");
			item.textContent = "Nothing found.";
			results.append(item);
		}
	}

	document.getElementById("search-form").hidden = false;
	field.addEventListener("input", search);
	results.addEventListener("click", () => {
		field.value = "";
		search();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "/" && document.activeElement !== field) {
			event.preventDefault();
			field.focus();
		} else if (event.key === "Escape") {
			field.value = "";
			search();
			field.blur();
		} else if (event.key === "Enter" &&
			   document.activeElement === field) {
			event.preventDefault();
			const first = results.querySelector("a");
			if (first)
				first.click();
		}
	});
})();
