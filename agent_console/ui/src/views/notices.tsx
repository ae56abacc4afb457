import { dismiss, notices } from "../app";
import { t } from "../i18n";
import { Icon } from "./icon";

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map((notice) => (
        <div key={notice.id} class={`notice notice-${notice.tone}`}>
          <Icon name={notice.tone === "bad" ? "bad" : "good"} />
          <span>{notice.text}</span>
          <button
            type="button" class="icon-button" aria-label={t("close")}
            onClick={() => dismiss(notice.id)}
          ><Icon name="close" size={14} /></button>
        </div>
      ))}
    </div>
  );
}
