const WAIT = 10000;

async function until(selector) {
    const end = performance.now() + WAIT;
    while (!document.querySelector(selector)) {
        if (performance.now() > end) {
            throw new Error(`${selector} did not appear within ${WAIT} ms.`);
        }
        await new Promise(requestAnimationFrame);
    }
}

/**
 * Open a view, as a click on a menu would. It counts as open when what it is for can be seen.
 *
 * @param {Object} view `{ title, action, options, ready, clicks }`: what the action service takes, the selector of
 *   what must be seen, and selectors to click before, one after the other
 * @returns {number} how many milliseconds it took
 */
odoo.sengerioOpenView = async ({ action, options, ready, clicks = [] }) => {
    const service = odoo.__WOWL_DEBUG__.root.env.services.action;
    await service.doAction({ type: "ir.actions.act_window_close" }); // a dialog that is still open
    const start = performance.now();
    await service.doAction(action, { clearBreadcrumbs: true, ...options });
    for (const selector of clicks) {
        await until(selector);
        document.querySelector(selector).click();
    }
    await until(ready);
    return Math.round(performance.now() - start);
};

/**
 * Open views one after the other, and complain about the slow ones.
 *
 * Each is opened until it was quick enough, a few times at most: the first time loads scripts, and another process may
 * have the machine just then.
 *
 * @param {Object[]} views see {@link odoo.sengerioOpenView}
 * @param {number} limit milliseconds
 * @param {number} tries how often a view is opened at most
 */
odoo.sengerioOpenViews = async (views, limit, tries = 5) => {
    const slow = [];
    for (const view of views) {
        const times = [];
        do {
            times.push(await odoo.sengerioOpenView(view));
        } while (times.at(-1) > limit && times.length < tries);
        console.log(`opened ${view.title}: ${times.join(", ")} ms`);
        if (times.at(-1) > limit) {
            slow.push(view.title);
        }
    }
    if (slow.length) {
        throw new Error(`These took more than ${limit} ms: ${slow.join(", ")}`);
    }
    console.log("test successful");
};
