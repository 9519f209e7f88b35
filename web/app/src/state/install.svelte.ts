// Making an app of the page, where the browser offers it.

/** What browsers that can install a page send before they would offer it themselves. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

/** The offer is kept until the user asks for it: nobody is asked out of the blue. */
export class InstallState {
  private offer = $state.raw<InstallOffer | undefined>(undefined);

  get possible(): boolean {
    return this.offer !== undefined;
  }

  /** Hears the browser from now on. */
  begin(target: EventTarget = window): void {
    target.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.offer = event as InstallOffer;
    });
    target.addEventListener("appinstalled", () => (this.offer = undefined));
  }

  /** Lets the browser ask. An offer is good for one time. */
  async ask(): Promise<void> {
    const { offer } = this;
    this.offer = undefined;
    await offer?.prompt();
  }
}

export const install = new InstallState();
