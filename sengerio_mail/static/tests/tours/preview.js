import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

const VIEWER = ".o_field_widget[name=preview] :iframe";

const WAIT = 5000; // milliseconds

/** Wait until something is drawn on a page that was white. */
async function drawn(canvas) {
    const end = performance.now() + WAIT;
    const pixels = () => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    while (pixels().every((value, index, all) => value === all[index % 4])) {
        if (performance.now() > end) {
            throw new Error("The page is empty.");
        }
        await new Promise(requestAnimationFrame);
    }
}

registry.category("web_tour.tours").add("sengerio_mail_preview", {
    steps: () =>
        countClicks(1, [
            { content: "Open the preview", trigger: ".o_notebook .nav-link[name=preview]", run: "click" },
            { content: "The viewer has the document", trigger: `${VIEWER} #numPages:contains(2)` },
            {
                content: "It shows the first page,",
                trigger: `${VIEWER} .page[data-page-number='1'][data-loaded=true] canvas`,
                run: ({ anchor }) => drawn(anchor),
            },
            { content: "which has its words", trigger: `${VIEWER} .textLayer:contains(Quotation for Azure Interior)` },
        ]),
});
