// Every string of the screen in English; its shape is what every other language must have.

const one = (n: number, singular: string, plural: string): string => (n === 1 ? singular : plural);

export const en = {
  appName: "Anser",

  // sign in and register
  signIn: "Sign in",
  signingIn: "Signing in…",
  signInTitle: "Welcome back",
  registerTitle: "Make an account",
  createAccount: "Create account",
  creatingAccount: "Creating account…",
  goToRegister: "Create an account",
  goToSignIn: "I have an account",
  handle: "Handle",
  handleHint: "3 to 32 small letters, digits or _, beginning with a letter. Others find you by exactly this.",
  name: "Name",
  nameHint: "How others see you. It need not be unique.",
  password: "Password",
  passwordHint: "At least 8 characters. A few random words are best.",
  showPassword: "Show password",
  hidePassword: "Hide password",
  sessionEnded: "This device was signed out. Sign in again to go on.",

  // why something was not done
  failOffline: "No connection right now. Try again when you are online.",
  failNotPossible: "That is not possible right now.",
  failBadText: "The message is empty or too long.",
  failStorage: "This device could not store it. Is the disk full?",
  failInvalidField: "Please check this.",
  failInvalidHandle: "A handle has 3 to 32 small letters, digits or _, and begins with a letter.",
  failInvalidName: "A name has 1 to 64 characters.",
  failInvalidPassword: "A password has at least 8 characters.",
  failInvalidTitle: "A title has 1 to 64 characters.",
  failNotFound: "Not found.",
  failNotAllowed: "You may not do that.",
  failHandleTaken: "This handle belongs to somebody else.",
  failWrongCredentials: "Handle or password is wrong.",
  failRegistrationClosed: "This server does not take new accounts.",
  failGroupFull: "The group is full.",
  failRateLimited: (seconds: number) =>
    seconds > 0 ? `Too many tries. Wait ${waitWords(seconds)}.` : "Too many tries. Wait a little.",
  failTooLarge: "That is too large.",
  failSignedOut: "You are signed out. Sign in again.",
  failIncompatible: "This app is out of date. Close all its tabs and open it again to update it.",
  failServer: "The server had a problem. Try again in a moment.",

  // list
  chats: "Chats",
  newChat: "New chat",
  settings: "Settings",
  draft: "Draft:",
  you: "You",
  noChatsTitle: "No chats yet",
  noChatsHint: "Find somebody by their handle, or tell them yours:",
  findSomebody: "Find somebody",
  noChatOpen: "Choose a chat, or start a new one.",
  unreadCount: (n: number, shown: string) => `${shown} unread ${one(n, "message", "messages")}`,

  // link
  linkOffline: "Waiting for network…",
  linkConnecting: "Connecting…",
  linkCatchingUp: "Updating…",
  retryNow: "Try now",
  memoryOnly: "This browser keeps nothing on disk here: messages stay only until you close the tab.",
  dismiss: "Dismiss",

  // finding and grouping
  find: "Find",
  findHint: "Type the exact handle.",
  nobodyFound: "Nobody has this handle.",
  nobodyAmong: (n: number) => one(n, "Nobody has this handle.", "Nobody has one of these handles."),
  thatIsYou: "That is you.",
  writeTo: (name: string) => `Write to ${name}`,
  yourHandle: "Your handle",
  copy: "Copy",
  copied: "Copied",
  newGroup: "New group",
  groupTitle: "Title",
  addHandle: "Add a handle",
  add: "Add",
  remove: (name: string) => `Remove ${name}`,
  createGroup: "Create group",
  groupNeedsTitle: "Give the group a title.",

  // chat
  back: "Back",
  members: "Members",
  memberCount: (n: number, shown: string) => `${shown} ${one(n, "member", "members")}`,
  messages: "Messages",
  message: "Message",
  send: "Send",
  charsLeft: (shown: string) => `${shown} left`,
  charsOver: (shown: string) => `${shown} too many`,
  newBelow: (shown: string) => `${shown} new`,
  toEnd: "To the newest message",
  toUnread: (shown: string) => `${shown} unread`,
  unreadLine: "Unread messages",
  loadingOlder: "Loading older messages…",
  notLoaded: "These messages are not on this device yet.",
  noMessages: "No messages yet",
  writeFirst: "Write the first message.",
  stateSending: "Sending",
  stateSent: "Sent",
  stateDelivered: "Delivered",
  stateRead: "Read",
  stateFailed: "Not sent",
  notSent: (why: string) => `Not sent: ${why}`,
  tryAgain: "Try again",
  delete: "Delete",
  unknownKind: "This message needs a newer version of Anser. It is kept and will show after an update.",
  leftGroup: "You left this group. You can still read what you saw.",
  systemCreatedGroup: (who: string, title: string) => `${who} made the group “${title}”`,
  systemCreatedDirect: "The chat begins here",
  systemAdded: (who: string, whom: string) => `${who} added ${whom}`,
  systemLeft: (who: string) => `${who} left`,
  systemRenamed: (who: string, title: string) => `${who} named the group “${title}”`,
  saidBy: (who: string, text: string) => `${who}: ${text}`,
  saidMany: (shown: string) => `${shown} new messages`,

  // members
  addToGroup: "Add to the group",
  rename: "Rename",
  leaveGroup: "Leave group",
  leaveGroupAsk: "You will get no more messages from this group.",
  leave: "Leave",
  cancel: "Cancel",
  close: "Close",

  // notifications
  newMessages: (n: number) => `${n} new ${one(n, "message", "messages")}`,

  // settings, devices, sign-out
  language: "Language",
  languageAuto: "As in the browser",
  theme: "Theme",
  themeSystem: "As in the system",
  themeLight: "Light",
  themeDark: "Dark",
  devices: "Devices",
  thisDevice: "This device",
  lastSeen: (when: string) => `Last seen ${when}`,
  end: "End",
  endDevice: (name: string) => `End ${name}`,
  signOut: "Sign out",
  signOutTitle: "Sign out?",
  signOutBody: "This device forgets your messages. They stay on the server and on your other devices.",
  signOutUnsent: (n: number, shown: string) =>
    `${shown} ${one(n, "message has", "messages have")} not been sent yet and will be lost.`,
  loading: "Loading…",

  // other tab, start, trouble
  otherTabTitle: "Anser is open in another tab",
  otherTabHint: "Only one tab at a time can hold your messages.",
  useHere: "Use it here",
  brokenTitle: "Anser could not start",
  brokenHint: "Reload the page. If that does not help, this browser may be too old.",
  reload: "Reload",

  today: "Today",
  yesterday: "Yesterday",
};

function waitWords(seconds: number): string {
  if (seconds < 90) return `${seconds} ${one(seconds, "second", "seconds")}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${one(minutes, "minute", "minutes")}`;
}

/** What each language must have: a missing string, or one with other parameters, fails the build. */
export type Messages = {
  readonly [Key in keyof typeof en]: (typeof en)[Key] extends (...args: infer Args) => string
    ? (...args: Args) => string
    : string;
};
