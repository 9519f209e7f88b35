// The count of unread messages outside the page: on the tab's icon, and on the app's where it is installed.

const PLAIN_ICON = "/icon.svg";
const UNREAD_ICON = "/icon-unread.svg";

/** Shows that something is unread, and how much. */
export function showBadge(unread: number): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const icon = unread > 0 ? UNREAD_ICON : PLAIN_ICON;
  if (link !== null && link.getAttribute("href") !== icon) link.setAttribute("href", icon);
  // Refused where the app is not installed; there the icon of the tab and its title say it.
  const told = unread > 0 ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.();
  told?.catch(() => undefined);
}
