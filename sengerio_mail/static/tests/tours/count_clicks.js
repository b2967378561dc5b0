/**
 * Steps of a tour, and a check of how many clicks they took.
 *
 * A click is what a person does with the mouse: one press of its button on the page, wherever a step caused it.
 *
 * @param {number} most clicks that the steps may take
 * @param {Object[]} steps of a tour that stays on one page
 * @returns {Object[]} the steps, with one before and one after them
 */
export function countClicks(most, steps) {
    let clicks = null;
    const count = () => clicks++;
    return [
        {
            content: "start to count clicks",
            trigger: "body",
            run() {
                clicks = 0;
                document.addEventListener("pointerdown", count, { capture: true });
            },
        },
        ...steps,
        {
            content: `at most ${most} clicks were needed`,
            trigger: "body",
            run() {
                document.removeEventListener("pointerdown", count, { capture: true });
                if (clicks === null) {
                    throw new Error("The page was loaded anew, so clicks were not counted.");
                }
                console.log(`clicks: ${clicks}`);
                if (clicks > most) {
                    throw new Error(`${clicks} clicks were needed, ${most} at most are allowed.`);
                }
            },
        },
    ];
}
