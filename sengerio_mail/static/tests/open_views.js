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
 * Open views one after the other, as a click on a menu would, and complain about the slow ones.
 *
 * A view counts as open when what it is for can be seen. Each is opened until it was quick enough, a few
 * times at most: the first time loads scripts, and another process may have the machine just then.
 *
 * @param {Object[]} views `{ title, action, options, ready }`: what the action service takes, and the
 *   selector of what must be seen
 * @param {number} limit milliseconds
 * @param {number} tries how often a view is opened at most
 */
odoo.sengerioOpenViews = async (views, limit, tries = 5) => {
    const { action } = odoo.__WOWL_DEBUG__.root.env.services;
    const slow = [];
    for (const view of views) {
        const times = [];
        do {
            await action.doAction({ type: "ir.actions.act_window_close" }); // a dialog that is still open
            const start = performance.now();
            await action.doAction(view.action, { clearBreadcrumbs: true, ...view.options });
            await until(view.ready);
            times.push(Math.round(performance.now() - start));
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
