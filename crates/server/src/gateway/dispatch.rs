//! What can this server do? Each call of the protocol, and which service does it.

use std::net::IpAddr;
use std::sync::Arc;

use anser_protocol::wire::{self, ErrorCode, answer, request};
use anser_protocol::{Fault, Moment, limits};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use request::Call;

use crate::gateway::hub::{Hub, Mailbox};
use crate::gateway::wrongs;
use crate::services::accounts::Accounts;
use crate::services::contacts::Contacts;
use crate::services::conversations::Conversations;
use crate::services::messages::Messages;
use crate::services::{Asker, to_wire};

/// Who is at the other end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody we know yet: may register or sign in.
    Anonymous {
        /// Where from, for throttling.
        address: IpAddr,
    },
    /// A device that has said Hello.
    SignedIn(Asker),
}

/// The answer to a Hello that was accepted.
#[derive(Debug)]
pub struct Welcomed {
    /// For `Session::handle_welcome`.
    pub welcome: wire::Welcome,
    /// Who it is: the caller of all requests to come.
    pub asker: Asker,
    /// Pushes come from here. Dropping it is how the session leaves.
    pub mailbox: Mailbox,
}

/// A request under way.
pub type Answering = BoxFuture<'static, Result<answer::Result, Fault>>;

/// Turns requests into service calls.
#[derive(Debug)]
pub struct Dispatch {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) contacts: Arc<Contacts>,
    pub(crate) conversations: Arc<Conversations>,
    pub(crate) messages: Arc<Messages>,
    pub(crate) hub: Arc<Hub>,
}

impl Dispatch {
    /// Begins a request. A driver calls this in the order in which the requests came: sends are queued by the
    /// call, not by the polling, so they are committed in that order.
    ///
    /// Poll the future to its end even if the link is gone: what it has committed, it must still tell the others.
    pub fn begin(self: &Arc<Self>, caller: Caller, call: Call, now: Moment) -> Answering {
        match caller {
            Caller::Anonymous { address } => self.begin_anonymous(address, call, now),
            Caller::SignedIn(asker) => self.begin_signed_in(asker, call, now),
        }
    }

    fn begin_anonymous(self: &Arc<Self>, address: IpAddr, call: Call, now: Moment) -> Answering {
        let all = self.clone();
        match call {
            Call::Register(call) => {
                async move { all.accounts.register(call, address, now).await.map(answer::Result::SignedIn) }
                    .boxed()
            }
            Call::SignIn(call) => {
                async move { all.accounts.sign_in(call, address, now).await.map(answer::Result::SignedIn) }
                    .boxed()
            }
            _ => refuse(Fault::new(ErrorCode::NotSignedIn, "say Hello first")),
        }
    }

    fn begin_signed_in(self: &Arc<Self>, asker: Asker, call: Call, now: Moment) -> Answering {
        let all = self.clone();
        use answer::Result as Is;
        match call {
            Call::Register(_) | Call::SignIn(_) => {
                refuse(Fault::new(ErrorCode::NotAllowed, "this link is signed in already"))
            }
            Call::Send(call) => {
                wrongs::send(&self.messages, asker, call, now).map(|sent| sent.map(Is::Sent)).boxed()
            }
            Call::FindSent(call) => {
                self.messages.find_sent(asker, &call).map(|sent| sent.map(Is::Sent)).boxed()
            }
            Call::Reach(call) => {
                async move { all.messages.reach(asker, call, now).await.map(Is::Done) }.boxed()
            }
            Call::GetRange(call) => {
                async move { all.messages.range(asker, call).await.map(Is::Range) }.boxed()
            }
            Call::Sync(call) => {
                async move { all.conversations.changes(asker.account, call).await.map(Is::Changes) }.boxed()
            }
            Call::ListMembers(call) => {
                async move { all.conversations.members(asker, call).await.map(Is::Members) }.boxed()
            }
            Call::GetPeople(call) => {
                async move { all.conversations.people(asker, call).await.map(Is::People) }.boxed()
            }
            Call::FindAccount(call) => {
                async move { all.contacts.find(asker, call, now).await.map(Is::People) }.boxed()
            }
            Call::OpenDirect(call) => {
                async move { all.conversations.open_direct(asker, call, now).await.map(Is::Head) }.boxed()
            }
            Call::CreateGroup(call) => {
                async move { all.conversations.create_group(asker, call, now).await.map(Is::Head) }.boxed()
            }
            Call::AddMembers(call) => {
                async move { all.conversations.add_members(asker, call, now).await.map(Is::Head) }.boxed()
            }
            Call::LeaveGroup(call) => {
                async move { all.conversations.leave(asker, call, now).await.map(Is::Head) }.boxed()
            }
            Call::RenameGroup(call) => {
                async move { all.conversations.rename(asker, call, now).await.map(Is::Head) }.boxed()
            }
            Call::ListDevices(_) => async move { all.accounts.devices(asker).await.map(Is::Devices) }.boxed(),
            Call::RevokeDevice(call) => {
                async move { all.accounts.revoke(asker, call).await.map(Is::Done) }.boxed()
            }
            Call::SignOut(_) => async move { all.accounts.sign_out(asker).await.map(Is::Done) }.boxed(),
        }
    }

    /// Answers a Hello: who is it, and what changed since its position.
    pub fn welcome(&self, hello: wire::Hello, now: Moment) -> BoxFuture<'static, Result<Welcomed, Fault>> {
        let accounts = self.accounts.clone();
        let conversations = self.conversations.clone();
        let hub = self.hub.clone();
        async move {
            let endings = hub.endings();
            let (account, device) = accounts.authenticate(&hello.token).await?;
            // Joined before the changes are read: whatever is committed from here on is pushed, and whatever was
            // before is among the changes. Looked up again for the same reason, if the hub told of a revocation in
            // between: it may have been this device's, which nobody heard because nobody had joined.
            let mailbox = hub.join(account.id, device.id);
            if hub.endings() != endings {
                accounts.authenticate(&hello.token).await?;
            }
            accounts.note_seen(&device, now).await;
            let since = wire::Sync { since: hello.position, before: 0 };
            let changes = conversations.changes(account.id, since).await?;
            let asker = Asker { account: account.id, device: device.id, session: mailbox.session() };
            let welcome = wire::Welcome {
                account: Some(to_wire::person_to_wire(&account)),
                device: device.id.0,
                now_ms: now.0,
                heartbeat_ms: limits::HEARTBEAT_MS,
                changes: Some(changes),
                silence_ms_max: limits::HEARTBEAT_MAX_MS,
            };
            Ok(Welcomed { welcome, asker, mailbox })
        }
        .boxed()
    }
}

fn refuse(fault: Fault) -> Answering {
    ready(Err(fault)).boxed()
}
