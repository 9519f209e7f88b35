// The browser's notifications: asking for permission, showing one per chat, taking it away again.

/** What stands in a notification. */
export interface Notice {
  conversation: number;
  title: string;
  body: string;
  atMs: number;
}

/** `unsupported`: this browser, or an address without TLS, has none. */
export type Permission = NotificationPermission | "unsupported";

/** The hands of `NotificationsState`. */
export interface Notifier {
  permission(): Permission;
  /** Only from a press of the user. */
  ask(): Promise<Permission>;
  /** In place of an older one of the same chat. */
  show(notice: Notice): Promise<void>;
  close(conversation: number): void;
  /** Those that stand from an earlier visit, of these chats. */
  closeOld(read: ReadonlySet<number>): void;
  closeAll(): void;
}

const ICON = "/icon.svg";

/** With what the browser has; `open` is called when one is pressed. */
export class BrowserNotifier implements Notifier {
  /** Those this tab has shown itself. */
  private readonly shown = new Map<number, Notification>();

  constructor(private readonly open: (conversation: number) => void) {
    // The service worker has brought this tab to the front; which chat was meant, it says here.
    globalThis.navigator?.serviceWorker?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (isOpenChat(data)) open(data.conversation);
    });
  }

  permission(): Permission {
    return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
  }

  async ask(): Promise<Permission> {
    if (typeof Notification === "undefined") return "unsupported";
    return Notification.requestPermission();
  }

  async show({ conversation, title, body, atMs }: Notice): Promise<void> {
    // `renotify`: a newer message of the same chat is heard too, though it takes the place of the older one.
    const options = { body, tag: tagOf(conversation), renotify: true, timestamp: atMs, icon: ICON, data: { conversation } };
    try {
      const notification = new Notification(title, options);
      this.shown.set(conversation, notification);
      notification.onclick = () => {
        focus();
        notification.close();
        this.open(conversation);
      };
    } catch {
      // Browsers of phones only let a service worker do it.
      const registration = await navigator.serviceWorker.getRegistration();
      await registration?.showNotification(title, options);
    }
  }

  close(conversation: number): void {
    this.shown.get(conversation)?.close();
    this.shown.delete(conversation);
    void closeOfWorker(({ tag }) => tag === tagOf(conversation));
  }

  closeOld(read: ReadonlySet<number>): void {
    const tags = new Set([...read].map(tagOf));
    void closeOfWorker(({ tag }) => tags.has(tag));
  }

  closeAll(): void {
    for (const conversation of [...this.shown.keys()]) this.close(conversation);
    void closeOfWorker(() => true);
  }
}

function tagOf(conversation: number): string {
  return `chat-${conversation}`;
}

/** Only what a service worker has shown outlives the page. */
async function closeOfWorker(which: (notification: Notification) => boolean): Promise<void> {
  const registration = await globalThis.navigator?.serviceWorker?.getRegistration();
  const open = (await registration?.getNotifications?.()) ?? [];
  for (const notification of open) if (which(notification)) notification.close();
}

function isOpenChat(data: unknown): data is { type: "openChat"; conversation: number } {
  return typeof data === "object" && data !== null && "type" in data && data.type === "openChat";
}
