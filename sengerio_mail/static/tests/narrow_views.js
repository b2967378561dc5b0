const LEAST_PIXELS = 12; // of text
const OVERLAP = 4; // pixels; lines of text are closer to each other than the boxes of their letters
const CONTROLS = "a, button, input, textarea, select, .badge, .o_tag";
const TABLES = ".o_list_renderer, .table-responsive"; // these may scroll sideways, within themselves
const TABS = ".o_notebook_headers"; // Odoo's tabs do, too

const describe = (element) =>
    `<${element.tagName.toLowerCase()} ${element.getAttribute("name") || ""} ${element.className}>`;

function* parents(element, last) {
    for (let parent = element; parent && parent !== last.parentElement; parent = parent.parentElement) {
        yield parent;
    }
}

function isSeen(element) {
    const box = element.getBoundingClientRect();
    return (
        element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
        box.width > 1 &&
        box.height > 1 &&
        !element.closest(".visually-hidden, option, sup") // the last: Odoo's sign for help
    );
}

/** All pieces of text that are seen, each with the boxes of its lines. */
function textsIn(root) {
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.data.trim() && isSeen(node.parentElement)) {
            const range = document.createRange();
            range.selectNodeContents(node);
            const boxes = [...range.getClientRects()].filter((box) => box.width > 1);
            texts.push({ text: node.data.trim(), element: node.parentElement, boxes });
        }
    }
    return texts;
}

/** What of our parts, or of what is around them, is wider than the screen and has to be moved to be read; and why. */
function* scrolledSideways(page, roots) {
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth > innerWidth) {
        yield `the page scrolls sideways: ${scrollWidth} of ${innerWidth} px`;
    }
    for (const element of page.querySelectorAll("*")) {
        const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
        const isOurs = roots.some((root) => root.contains(element) || element.contains(root));
        if (!scrolls || !isOurs || element.scrollWidth <= element.clientWidth + 1 || element.matches(`${TABLES}, ${TABS}`)) {
            continue;
        }
        const { right } = element.getBoundingClientRect();
        const wide = [...element.querySelectorAll("*")].filter((child) => child.getBoundingClientRect().right > right + 1);
        const widths = `${element.scrollWidth} of ${element.clientWidth} px`;
        yield `${describe(element)} scrolls sideways: ${widths}, because of ${wide.slice(0, 8).map(describe).join(", ")}`;
    }
}

const isOutside = (box, left, right) => box.left < left - 1 || box.right > right + 1;

function* controlsOutside(root) {
    for (const element of root.querySelectorAll(CONTROLS)) {
        const box = element.getBoundingClientRect();
        if (isSeen(element) && !element.closest(TABLES) && isOutside(box, 0, innerWidth)) {
            yield `${describe(element)} goes from ${box.left} to ${box.right} px`;
        }
    }
}

/** Text that is not there to be read: beyond the screen, or cut off without the three dots that tell so. */
function* textsCutOff(root, texts) {
    for (const { text, element, boxes } of texts) {
        const dotted = [...parents(element, root)].find((parent) => getComputedStyle(parent).textOverflow === "ellipsis");
        const seen = dotted ? [dotted.getBoundingClientRect()] : boxes;
        const page = element.closest(TABLES) ? [] : seen.filter((box) => isOutside(box, 0, innerWidth));
        if (page.length) {
            yield `"${text}" goes from ${page[0].left} to ${page[0].right} px`;
        }
        for (const parent of parents(element, root)) {
            const { overflowX, textOverflow } = getComputedStyle(parent);
            const { left, right } = parent.getBoundingClientRect();
            if (textOverflow === "ellipsis" || parent.matches(TABLES)) {
                break;
            }
            if (["hidden", "clip"].includes(overflowX) && boxes.some((box) => isOutside(box, left, right))) {
                yield `"${text}" is cut off by ${describe(parent)}`;
                break;
            }
        }
    }
}

function* textsTooSmall(texts) {
    for (const { text, element } of texts) {
        const pixels = Math.round(parseFloat(getComputedStyle(element).fontSize)); // Odoo's tags have 11.9
        if (pixels < LEAST_PIXELS) {
            yield `"${text}" has ${pixels} px`;
        }
    }
}

/** Whether a part of the page that scrolls by itself has scrolled something away. */
function isScrolledAway(box, element, root) {
    return [...parents(element, root)].some((parent) => {
        const { top, bottom } = parent.getBoundingClientRect();
        const scrolls = parent !== root && ["auto", "scroll"].includes(getComputedStyle(parent).overflowY);
        return scrolls && (box.bottom > bottom + OVERLAP || box.top < top - OVERLAP);
    });
}

function* textsOverEachOther(root, texts) {
    const all = texts
        .flatMap(({ text, element, boxes }) => boxes.map((box) => ({ text, element, box })))
        .filter(({ box, element }) => !isScrolledAway(box, element, root));
    for (const [index, one] of all.entries()) {
        for (const other of all.slice(index + 1)) {
            const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            const truncated = [one, other].some(({ element }) => element.closest(".text-truncate, .o_data_cell"));
            if (width > OVERLAP && height > OVERLAP && !truncated) {
                yield `"${one.text}" and "${other.text}" lie over each other`;
            }
        }
    }
}

/** Buttons that something else covers, where they would be pressed. */
function* controlsCovered(root) {
    for (const element of root.querySelectorAll("button, .badge, .o_tag")) {
        if (!isSeen(element) || element.closest(TABLES)) {
            continue;
        }
        element.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, top, width, height } = element.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        if (!there || !(element.contains(there) || there.contains(element))) {
            yield `${describe(element)} is covered by ${there ? describe(there) : "nothing that is on the screen"}`;
        }
    }
}

async function calm() {
    while (document.querySelector(".o_loading_indicator, .o_blockUI")) {
        await new Promise(requestAnimationFrame);
    }
    await document.fonts.ready;
    const fading = document.getAnimations().filter(({ effect }) => effect.getTiming().iterations !== Infinity);
    await Promise.allSettled(fading.map(({ finished }) => finished));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}

/**
 * Open views on a narrow screen, and complain about what cannot be read there.
 *
 * Nothing but tables scrolls sideways, and they within themselves; nothing is cut off, lies over something else or goes
 * beyond the screen; text has twelve pixels at least.
 *
 * @param {Object[]} views see `odoo.sengerioOpenView`; `own` is the selector of the parts that are looked at
 */
odoo.sengerioReadNarrow = async (views) => {
    const complaints = [];
    for (const view of views) {
        await odoo.sengerioOpenView(view);
        await calm();
        const page = [...document.querySelectorAll(".modal-content")].at(-1) || document.body;
        const roots = [...page.querySelectorAll(view.own)].filter(isSeen);
        const found = [...scrolledSideways(page, roots)];
        if (!roots.length) {
            found.push(`there is no ${view.own}`);
        }
        for (const root of roots) {
            const texts = textsIn(root);
            found.push(...controlsOutside(root), ...textsCutOff(root, texts), ...textsTooSmall(texts));
            found.push(...textsOverEachOther(root, texts), ...controlsCovered(root));
        }
        console.log(`read ${view.title}: ${found.length} complaints`);
        complaints.push(...new Set(found.map((complaint) => `${view.title}: ${complaint}`)));
    }
    if (complaints.length) {
        throw new Error(complaints.join("\n"));
    }
    console.log("test successful");
};
