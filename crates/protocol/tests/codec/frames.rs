//! Any frame at all, for property tests.

use anser_protocol::wire::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// What clients send.
pub(crate) fn from_client() -> impl Strategy<Value = frame::Body> {
    let hello = (any::<u32>(), vec(any::<u8>(), 0..40), any::<u64>())
        .prop_map(|(version, token, position)| frame::Body::Hello(Hello { version, token, position }));
    let request =
        (any::<u32>(), option::of(call())).prop_map(|(id, call)| frame::Body::Request(Request { id, call }));
    let ping = any::<u32>().prop_map(|silence_ms| frame::Body::Ping(Ping { silence_ms }));
    prop_oneof![1 => hello, 8 => request, 1 => ping]
}

/// What servers send.
pub(crate) fn from_server() -> impl Strategy<Value = frame::Body> {
    let beats = (any::<u32>(), any::<u32>());
    let welcome = (option::of(person()), any::<u64>(), any::<u64>(), beats, option::of(changes())).prop_map(
        |(account, device, now_ms, (heartbeat_ms, silence_ms_max), changes)| {
            frame::Body::Welcome(Welcome { account, device, now_ms, heartbeat_ms, changes, silence_ms_max })
        },
    );
    let answer = (any::<u32>(), option::of(result()))
        .prop_map(|(id, result)| frame::Body::Answer(Answer { id, result }));
    let push = option::of(push()).prop_map(|what| frame::Body::Push(Push { what }));
    let beat =
        (any::<u32>(), any::<bool>()).prop_map(|(pushes, resync)| frame::Body::Beat(Beat { pushes, resync }));
    let close = option::of(error()).prop_map(|error| frame::Body::Close(Close { error }));
    prop_oneof![welcome, answer, push, beat, close]
}

/// What is pushed.
pub(crate) fn push() -> impl Strategy<Value = push::What> {
    let reached =
        (any::<u64>(), option::of(reach()), any::<u64>()).prop_map(|(account, position, from_seq)| {
            push::What::Reached(Reached { account, position, from_seq })
        });
    prop_oneof![event().prop_map(push::What::Event), head().prop_map(push::What::Head), reached]
}

fn call() -> impl Strategy<Value = request::Call> {
    prop_oneof![entrance_call(), conversation_call(), group_call(), device_call()]
}

fn entrance_call() -> impl Strategy<Value = request::Call> {
    prop_oneof![
        (text(), text(), text(), text()).prop_map(|(handle, display_name, password, device_name)| {
            request::Call::Register(Register { handle, display_name, password, device_name })
        }),
        (text(), text(), text()).prop_map(|(handle, password, device_name)| {
            request::Call::SignIn(SignIn { handle, password, device_name })
        }),
        text().prop_map(|handle| request::Call::FindAccount(FindAccount { handle })),
        text().prop_map(|handle| request::Call::OpenDirect(OpenDirect { handle })),
    ]
}

fn conversation_call() -> impl Strategy<Value = request::Call> {
    prop_oneof![
        (any::<u64>(), body(), any::<u32>(), body(), any::<bool>()).prop_map(
            |(conversation, send_key, kind, body, silent)| {
                request::Call::Send(Send { conversation, send_key, kind, body, silent })
            }
        ),
        body().prop_map(|send_key| request::Call::FindSent(FindSent { send_key })),
        vec(reach(), 0..5).prop_map(|positions| request::Call::Reach(ReachAll { positions })),
        (any::<u64>(), any::<u64>(), any::<u64>(), any::<u32>(), any::<bool>()).prop_map(
            |(conversation, first, last, limit, newest)| {
                request::Call::GetRange(GetRange { conversation, first, last, limit, newest })
            }
        ),
        (any::<u64>(), any::<u64>()).prop_map(|(since, before)| request::Call::Sync(Sync { since, before })),
        (any::<u64>(), any::<u64>(), any::<u32>()).prop_map(|(conversation, after_account, limit)| {
            request::Call::ListMembers(ListMembers { conversation, after_account, limit })
        }),
        (any::<u64>(), vec(any::<u64>(), 0..5)).prop_map(|(conversation, accounts)| {
            request::Call::GetPeople(GetPeople { conversation, accounts })
        }),
    ]
}

fn group_call() -> impl Strategy<Value = request::Call> {
    prop_oneof![
        (text(), vec(text(), 0..5), body()).prop_map(|(title, handles, send_key)| {
            request::Call::CreateGroup(CreateGroup { title, handles, send_key })
        }),
        (any::<u64>(), vec(text(), 0..5)).prop_map(|(conversation, handles)| {
            request::Call::AddMembers(AddMembers { conversation, handles })
        }),
        any::<u64>().prop_map(|conversation| request::Call::LeaveGroup(LeaveGroup { conversation })),
        (any::<u64>(), text()).prop_map(|(conversation, title)| {
            request::Call::RenameGroup(RenameGroup { conversation, title })
        }),
    ]
}

fn device_call() -> impl Strategy<Value = request::Call> {
    prop_oneof![
        Just(request::Call::ListDevices(ListDevices {})),
        any::<u64>().prop_map(|device| request::Call::RevokeDevice(RevokeDevice { device })),
        Just(request::Call::SignOut(SignOut {})),
    ]
}

fn result() -> impl Strategy<Value = answer::Result> {
    let device = (any::<u64>(), text(), any::<u64>(), any::<u64>(), any::<bool>()).prop_map(
        |(device, name, created_at_ms, last_seen_at_ms, current)| Device {
            device,
            name,
            created_at_ms,
            last_seen_at_ms,
            current,
        },
    );
    prop_oneof![
        error().prop_map(answer::Result::Error),
        (body(), option::of(person()), any::<u64>()).prop_map(|(token, account, device)| {
            answer::Result::SignedIn(SignedIn { token, account, device })
        }),
        (any::<u64>(), any::<u64>()).prop_map(|(seq, at_ms)| answer::Result::Sent(Sent { seq, at_ms })),
        Just(answer::Result::Done(Done {})),
        vec(event(), 0..5).prop_map(|events| answer::Result::Range(Range { events })),
        changes().prop_map(answer::Result::Changes),
        (vec(member(), 0..5), any::<bool>())
            .prop_map(|(members, more)| answer::Result::Members(Members { members, more })),
        vec(person(), 0..5).prop_map(|people| answer::Result::People(People { people })),
        head().prop_map(answer::Result::Head),
        vec(device, 0..5).prop_map(|devices| answer::Result::Devices(Devices { devices })),
    ]
}

fn error() -> impl Strategy<Value = Error> {
    // Codes of newer servers too.
    (any::<i32>(), text(), any::<u32>(), text()).prop_map(|(code, field, retry_after_ms, text)| Error {
        code,
        field,
        retry_after_ms,
        text,
    })
}

fn changes() -> impl Strategy<Value = Changes> {
    (vec(head(), 0..4), any::<u64>(), any::<u64>()).prop_map(|(heads, position, next)| Changes {
        heads,
        position,
        next,
    })
}

fn head() -> impl Strategy<Value = Head> {
    let who = (any::<u64>(), any::<i32>(), any::<u64>(), text());
    let log = (any::<u64>(), option::of(event()), any::<u64>());
    let positions = (any::<u64>(), any::<u64>(), any::<u32>());
    let members = (any::<u32>(), option::of(member()), any::<bool>());
    (who, log, positions, members).prop_map(|(who, log, positions, members)| {
        let (conversation, kind, change, title) = who;
        let (last_seq, last, from_seq) = log;
        let (read, delivered, unread) = positions;
        let (member_count, peer, left) = members;
        Head {
            conversation,
            kind,
            change,
            title,
            last_seq,
            last,
            from_seq,
            read,
            delivered,
            unread,
            member_count,
            peer,
            left,
        }
    })
}

fn event() -> impl Strategy<Value = Event> {
    let place = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    (place, any::<u32>(), body(), any::<bool>(), body()).prop_map(
        |((conversation, seq, sender, at_ms), kind, body, silent, send_key)| Event {
            conversation,
            seq,
            sender,
            at_ms,
            kind,
            body,
            silent,
            send_key,
        },
    )
}

fn member() -> impl Strategy<Value = Member> {
    (option::of(person()), any::<u64>(), any::<u64>(), any::<bool>(), any::<u64>()).prop_map(
        |(person, delivered, read, left, from_seq)| Member { person, delivered, read, left, from_seq },
    )
}

fn person() -> impl Strategy<Value = Person> {
    (any::<u64>(), text(), text()).prop_map(|(account, handle, display_name)| Person {
        account,
        handle,
        display_name,
    })
}

fn reach() -> impl Strategy<Value = Reach> {
    (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(conversation, delivered, read)| Reach {
        conversation,
        delivered,
        read,
    })
}

fn text() -> impl Strategy<Value = String> {
    ".{0,24}"
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}
