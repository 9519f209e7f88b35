//! Commands that only the server can carry out, and where every answer goes.

use anser_protocol::wire::{self, answer, request};
use anser_protocol::{ConversationId, Moment, Remedy, error, limits};

use super::Engine;
use crate::asks::Asked;
use crate::command::{Command, Outcome};
use crate::failure::{failed, refused};
use crate::reason::FailureReason;
use crate::rows::{NUMBER_MAX, head_from_wire, member_from_wire, person_from_wire};
use crate::view::{DeviceView, MemberView};
use crate::views::person_view;

/// So long a group is tried to be made, over refusals and lost links, under one key.
const CREATE_MS_MAX: u64 = 60_000;
/// Wait between two tries.
const CREATE_RETRY_MS: u64 = 1_000;
/// More people than a group's present and past members are not listed.
const MEMBERS_LISTED_MAX: usize = 4 * limits::GROUP_MEMBERS_DEFAULT;

/// A group that is being made. Trying again under the same key is harmless, so that is done here.
#[derive(Clone, Debug)]
pub(super) struct Creating {
    call: wire::CreateGroup,
    in_flight: bool,
    not_before: Moment,
    give_up_at: Moment,
}

impl Creating {
    pub(super) fn wake_at(&self, now: Moment) -> Moment {
        match self.in_flight {
            true => Moment::NEVER,
            false if now < self.not_before => self.not_before.min(self.give_up_at),
            false => self.give_up_at,
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.in_flight = false;
    }
}

impl Engine {
    pub(super) fn ask_server(&mut self, id: u64, command: Command) {
        if !self.is_online() {
            return self.batch.finish(id, failed(FailureReason::Offline));
        }
        let (call, asked) = match command {
            Command::FindAccount { handle } => {
                (request::Call::FindAccount(wire::FindAccount { handle }), Asked::Find { command: id })
            }
            Command::OpenDirect { handle } => {
                (request::Call::OpenDirect(wire::OpenDirect { handle }), Asked::Head { command: id })
            }
            Command::AddMembers { conversation, handles } => (
                request::Call::AddMembers(wire::AddMembers { conversation, handles }),
                Asked::Head { command: id },
            ),
            Command::LeaveGroup { conversation } => {
                (request::Call::LeaveGroup(wire::LeaveGroup { conversation }), Asked::Head { command: id })
            }
            Command::RenameGroup { conversation, title } => (
                request::Call::RenameGroup(wire::RenameGroup { conversation, title }),
                Asked::Head { command: id },
            ),
            Command::ListDevices => {
                (request::Call::ListDevices(wire::ListDevices {}), Asked::Devices { command: id })
            }
            Command::RevokeDevice { device } => {
                (request::Call::RevokeDevice(wire::RevokeDevice { device }), Asked::Done { command: id })
            }
            Command::CreateGroup { title, handles, key } => {
                return self.create_group(id, title, handles, key);
            }
            Command::ListMembers { conversation } => {
                return self.ask_members(Some(id), ConversationId(conversation), Vec::new());
            }
            _ => return self.batch.finish(id, failed(FailureReason::NotPossible)),
        };
        if !self.asks.ask(call, asked, self.now) {
            self.batch.finish(id, failed(FailureReason::RateLimited));
        }
    }

    fn create_group(&mut self, id: u64, title: String, handles: Vec<String>, key: Option<String>) {
        let Some(key) = self.chosen_key(key.as_deref()) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        let send_key = key.0.to_vec();
        let call = wire::CreateGroup { title, handles, send_key };
        let (in_flight, not_before, give_up_at) = (false, self.now, self.now + CREATE_MS_MAX);
        self.creating.insert(id, Creating { call, in_flight, not_before, give_up_at });
    }

    /// From memory: whoever was ever shown here.
    pub(super) fn known_people(&mut self, id: u64) {
        let me = self.me();
        let others = self.people.iter().filter(|person| person.account != me);
        let people = others.map(person_view).collect();
        self.batch.finish(id, Outcome::People { people });
    }

    pub(super) fn ask_for_groups(&mut self) {
        let idle = self.creating.iter().filter(|(_, creating)| !creating.in_flight);
        let idle: Vec<u64> = idle.map(|(id, _)| *id).collect();
        for id in idle {
            let online = self.is_online();
            let Some(creating) = self.creating.get_mut(&id) else { continue };
            if self.now >= creating.give_up_at {
                self.creating.remove(&id);
                self.batch.finish(id, failed(FailureReason::Offline));
            } else if online && self.now >= creating.not_before {
                let call = request::Call::CreateGroup(creating.call.clone());
                creating.in_flight = self.asks.ask(call, Asked::CreateGroup { command: id }, self.now);
            }
        }
    }

    pub(super) fn ask_members(
        &mut self,
        command: Option<u64>,
        conversation: ConversationId,
        so_far: Vec<wire::Member>,
    ) {
        let last = so_far.last().and_then(|member| member.person.as_ref());
        let call = request::Call::ListMembers(wire::ListMembers {
            conversation: conversation.0,
            after_account: last.map_or(0, |person| person.account),
            limit: limits::MEMBERS_PER_PAGE as u32,
        });
        let asked = Asked::Members { command, conversation, so_far };
        if !self.asks.ask(call, asked, self.now)
            && let Some(command) = command
        {
            self.batch.finish(command, failed(FailureReason::RateLimited));
        }
    }

    pub(super) fn ask_for_people(&mut self) {
        if self.is_online()
            && self.asks.has_room()
            && let Some((conversation, accounts)) = self.people.next_request()
        {
            let accounts = accounts.into_iter().map(|account| account.0).collect();
            let call = wire::GetPeople { conversation: conversation.0, accounts };
            if !self.asks.ask(request::Call::GetPeople(call), Asked::People { conversation }, self.now) {
                self.people.answered();
            }
        }
    }

    /// Every answer finds the module that asked.
    pub(super) fn answered(&mut self, asked: Asked, result: Result<answer::Result, wire::Error>) {
        if let Err(error) = &result
            && !matches!(asked, Asked::SignIn { .. })
            && self.session_ended(error.code())
        {
            return self.give_up(vec![asked], FailureReason::SignedOut);
        }
        match asked {
            Asked::SignIn { command } => self.signed_in(command, result),
            Asked::SignOut => self.close_link(),
            Asked::Send(key) => self.send_answered(key, result),
            Asked::FindSent { key, failure } => self.sent_found(key, failure, result),
            Asked::Reach(reaches) => self.report_answered(&reaches, result),
            Asked::Range { conversation, span } => self.range_came(conversation, span, result),
            Asked::Sync => self.changes_came(result),
            Asked::People { conversation } => self.people_came(conversation, result),
            Asked::Members { command, conversation, so_far } => {
                self.members_came(command, conversation, so_far, result);
            }
            Asked::CreateGroup { command } => self.group_came(command, result),
            Asked::Head { command } => self.head_came(command, result),
            Asked::Find { command } | Asked::Devices { command } | Asked::Done { command } => {
                let outcome = result.map_or_else(|error| refused(&error), outcome_from_wire);
                self.batch.finish(command, outcome);
            }
        }
    }

    /// These will not be answered. Commands among them fail; groups are tried again; a sign-in is for the
    /// account to end.
    pub(super) fn give_up(&mut self, lost: Vec<Asked>, reason: FailureReason) {
        for asked in lost {
            match asked {
                Asked::Find { command }
                | Asked::Head { command }
                | Asked::Devices { command }
                | Asked::Done { command }
                | Asked::Members { command: Some(command), .. } => {
                    self.batch.finish(command, failed(reason));
                }
                Asked::SignIn { .. }
                | Asked::CreateGroup { .. }
                | Asked::Send(_)
                | Asked::FindSent { .. }
                | Asked::Reach(_)
                | Asked::Range { .. }
                | Asked::Sync
                | Asked::Members { command: None, .. }
                | Asked::People { .. }
                | Asked::SignOut => {}
            }
        }
    }

    fn head_came(&mut self, command: u64, result: Result<answer::Result, wire::Error>) {
        let outcome = match result {
            Err(error) => refused(&error),
            Ok(answer::Result::Head(head)) => match head_from_wire(head) {
                Some(head) => {
                    self.take_head(&head);
                    Outcome::Conversation { conversation: head.row.conversation.0 }
                }
                None => failed(FailureReason::Incompatible),
            },
            Ok(_) => failed(FailureReason::Incompatible),
        };
        self.batch.finish(command, outcome);
    }

    fn group_came(&mut self, command: u64, result: Result<answer::Result, wire::Error>) {
        if let Err(error) = &result
            && error::remedy(error.code()) == Remedy::Retry
            && let Some(creating) = self.creating.get_mut(&command)
        {
            creating.in_flight = false;
            creating.not_before = self.now + u64::from(error.retry_after_ms).max(CREATE_RETRY_MS);
            return;
        }
        if self.creating.remove(&command).is_some() {
            self.head_came(command, result);
        }
    }

    fn people_came(&mut self, conversation: ConversationId, result: Result<answer::Result, wire::Error>) {
        self.people.answered();
        // Whoever stays nameless is asked for again on the next link.
        let Ok(answer::Result::People(people)) = result else { return };
        for person in people.people.into_iter().filter_map(person_from_wire) {
            self.learn_person(&person, conversation);
        }
        let open = self.open_conversations();
        self.batch.timelines.extend(open);
    }

    fn members_came(
        &mut self,
        command: Option<u64>,
        conversation: ConversationId,
        mut so_far: Vec<wire::Member>,
        result: Result<answer::Result, wire::Error>,
    ) {
        let page = match result {
            Ok(answer::Result::Members(page)) => page,
            Ok(_) => return self.finish_if(command, failed(FailureReason::Incompatible)),
            Err(error) => return self.finish_if(command, refused(&error)),
        };
        let more = page.more && !page.members.is_empty();
        if self.roster.get(conversation).is_some() {
            for member in &page.members {
                if let Some((person, member)) = member_from_wire(conversation, member.clone()) {
                    self.learn_person(&person, conversation);
                    self.learn_member(member);
                }
            }
        }
        so_far.extend(page.members);
        let Some(id) = command else { return };
        if more && so_far.len() < MEMBERS_LISTED_MAX {
            return self.ask_members(command, conversation, so_far);
        }
        let members = so_far.into_iter().filter_map(|member| member_from_wire(conversation, member));
        let members = members.map(|(person, member)| MemberView {
            person: person_view(&person),
            from_seq: member.from_seq.0,
            delivered: member.delivered.0,
            read: member.read.0,
            left: member.left,
        });
        self.batch.finish(id, Outcome::Members { members: members.collect() });
    }

    fn finish_if(&mut self, command: Option<u64>, outcome: Outcome) {
        if let Some(command) = command {
            self.batch.finish(command, outcome);
        }
    }
}

/// Answers that change nothing here.
fn outcome_from_wire(result: answer::Result) -> Outcome {
    match result {
        answer::Result::Done(_) => Outcome::Done,
        answer::Result::People(people) => {
            let people = people.people.into_iter().filter_map(person_from_wire);
            Outcome::People { people: people.map(|person| person_view(&person)).collect() }
        }
        answer::Result::Devices(devices) => {
            let devices = devices.devices.into_iter().map(|device| DeviceView {
                device: device.device.min(NUMBER_MAX),
                name: device.name,
                created_at_ms: device.created_at_ms.min(NUMBER_MAX),
                last_seen_at_ms: device.last_seen_at_ms.min(NUMBER_MAX),
                current: device.current,
            });
            Outcome::Devices { devices: devices.collect() }
        }
        _ => failed(FailureReason::Incompatible),
    }
}
