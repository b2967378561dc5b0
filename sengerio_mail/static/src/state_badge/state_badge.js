import { registry } from "@web/core/registry";
import { BadgeField, badgeField } from "@web/views/fields/badge/badge_field";

/** A badge with an icon in front of its word; the option `icons` names one for each value: `{'bounced': 'fa-ban'}`. */
export class StateBadgeField extends BadgeField {
    static template = "sengerio_mail.StateBadge";
    static props = { ...BadgeField.props, icons: { type: Object, optional: true } };

    get icon() {
        return this.props.icons?.[this.props.record.data[this.props.name]];
    }
}

export const stateBadgeField = {
    ...badgeField,
    component: StateBadgeField,
    extractProps: (info, dynamicInfo) => ({
        ...badgeField.extractProps(info, dynamicInfo),
        icons: info.options.icons,
    }),
};

registry.category("fields").add("sengerio_state_badge", stateBadgeField);
