//! Making and changing groups.

use anser_protocol::{AccountId, ConversationId, Seq, kind, limits};

use super::fixture::{
    NOW, add, change, events, group, head, leave, new_group, people, person, present, read_to, say, send_key,
    text, try_say,
};
use crate::{Append, Change, ConversationKind, NewGroup, Store, StoreError};

/// Each once, the creator too, all from the first event on.
pub async fn it_begins_with_everybody_named<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let new = new_group(alice, &[bob, carol, bob, alice]);
    let (conversation, made) = store.create_group(new, NOW).await.unwrap();
    assert!(made);
    for member in [alice, bob, carol] {
        let head = head(store, member, conversation).await;
        assert_eq!(
            (head.kind, head.title.as_str(), head.member_count),
            (ConversationKind::Group, "walks", 3)
        );
        assert_eq!((head.from_seq, head.read, head.delivered), (Seq(1), Seq(0), Seq(0)));
        assert_eq!((head.last.seq, head.last.sender, head.last.kind), (Seq(1), alice, kind::CREATED));
        assert_eq!((head.last.silent, head.last.send_key, head.peer), (true, None, None));
    }
}

/// Whatever else the repeat says.
pub async fn repeating_the_key_gives_the_first_group<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let new = new_group(alice, &[bob]);
    let first = store.create_group(new.clone(), NOW).await.unwrap().0;
    assert_eq!(store.create_group(new.clone(), NOW + 1).await, Ok((first, false)));
    let other = NewGroup { members: vec![AccountId(u64::MAX)], title: "else".to_owned(), ..new };
    assert_eq!(store.create_group(other, NOW).await, Ok((first, false)));
    assert_eq!(head(store, alice, first).await.title, "walks");
    assert_eq!(events(store, alice, first).await.len(), 1);
}

/// Keys are unique for each sender only.
pub async fn the_same_key_of_another_makes_another<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let of_alice = new_group(alice, &[]);
    let of_bob = NewGroup { creator: bob, ..of_alice.clone() };
    let first = store.create_group(of_alice, NOW).await.unwrap();
    let second = store.create_group(of_bob, NOW).await.unwrap();
    assert!(first.1 && second.1);
    assert_ne!(first.0, second.0);
}

/// One key names one deed.
pub async fn the_key_of_a_message_makes_no_group<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let message = text(alice, conversation, "hello");
    store.append(message.clone()).await.unwrap();
    let new = NewGroup { send_key: message.send_key, ..new_group(alice, &[bob]) };
    assert_eq!(store.create_group(new, NOW).await, Err(StoreError::SendKeyReused));
}

/// Not even one that looks like the group's first event.
pub async fn the_key_of_a_group_sends_no_message<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let new = new_group(alice, &[bob]);
    let conversation = store.create_group(new.clone(), NOW).await.unwrap().0;
    let (kind, body) = new.created;
    let message = Append { send_key: new.send_key, kind, body, ..text(alice, conversation, "") };
    assert_eq!(store.append(message).await, Err(StoreError::SendKeyReused));
    assert_eq!(store.find_sent(alice, new.send_key).await, Err(StoreError::NotFound));
}

/// Nothing is made, and the key stays free.
pub async fn everybody_named_must_exist<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let key = send_key();
    for nobody in [AccountId(0), AccountId(u64::MAX)] {
        let new = NewGroup { send_key: key, ..new_group(alice, &[bob, nobody]) };
        assert_eq!(store.create_group(new, NOW).await, Err(StoreError::NotFound));
    }
    assert_eq!(store.heads_changed(bob, Default::default(), None, 10).await.unwrap().heads, []);
    let new = NewGroup { send_key: key, ..new_group(alice, &[bob]) };
    assert!(store.create_group(new, NOW).await.unwrap().1);
}

/// The creator included.
pub async fn it_holds_so_many_at_most<S: Store>(store: &S) {
    let mut everybody = Vec::new();
    for _ in 0..=limits::GROUP_MEMBERS_DEFAULT {
        everybody.push(person(store).await);
    }
    let alice = everybody[0];
    let too_many = new_group(alice, &everybody);
    assert_eq!(store.create_group(too_many, NOW).await, Err(StoreError::Full(limits::GROUP_MEMBERS_DEFAULT)));
    let just_enough = new_group(alice, &everybody[..limits::GROUP_MEMBERS_DEFAULT]);
    let (conversation, _) = store.create_group(just_enough, NOW).await.unwrap();
    assert_eq!(head(store, alice, conversation).await.member_count as usize, limits::GROUP_MEMBERS_DEFAULT);
}

/// Who is in already takes no room; who left makes room.
pub async fn it_grows_to_so_many_at_most<S: Store>(store: &S) {
    let mut everybody = Vec::new();
    for _ in 0..=limits::GROUP_MEMBERS_DEFAULT {
        everybody.push(person(store).await);
    }
    let (alice, bob) = (everybody[0], everybody[1]);
    let conversation = group(store, &everybody[..limits::GROUP_MEMBERS_DEFAULT - 1]).await;
    let all = Change::Add(everybody.clone());
    assert_eq!(
        change(store, alice, conversation, all.clone()).await,
        Err(StoreError::Full(limits::GROUP_MEMBERS_DEFAULT))
    );
    leave(store, bob, conversation).await;
    let without_bob = Change::Add(everybody.iter().copied().filter(|it| *it != bob).collect());
    assert!(change(store, alice, conversation, without_bob).await.unwrap().is_some());
    assert_eq!(head(store, alice, conversation).await.member_count as usize, limits::GROUP_MEMBERS_DEFAULT);
    assert_eq!(
        change(store, alice, conversation, all).await,
        Err(StoreError::Full(limits::GROUP_MEMBERS_DEFAULT))
    );
}

/// In one step, by the next event.
pub async fn adding_tells_and_adds<S: Store>(store: &S) {
    let [alice, bob, carol, dave] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let said = say(store, alice, conversation, "hello").await;
    let adding = Change::Add(vec![carol, dave, bob, carol]);
    let event = change(store, bob, conversation, adding).await.unwrap().unwrap();
    assert_eq!((event.conversation, event.seq, event.sender), (conversation, said.next(), bob));
    assert_eq!((event.kind, event.body.as_slice()), (kind::MEMBERS_ADDED, b"added".as_slice()));
    assert_eq!((event.silent, event.send_key, event.at), (true, None, NOW));
    assert_eq!(events(store, alice, conversation).await.last(), Some(&event));
    for member in [alice, carol, dave] {
        assert_eq!(head(store, member, conversation).await.member_count, 4);
    }
    say(store, carol, conversation, "thanks").await;
}

/// Not even the log.
pub async fn adding_who_is_in_already_changes_nothing<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let before = head(store, alice, conversation).await;
    for nobody_new in [vec![], vec![bob, alice]] {
        assert_eq!(change(store, alice, conversation, Change::Add(nobody_new)).await, Ok(None));
    }
    assert_eq!(head(store, alice, conversation).await, before);
}

/// Nor does it tell.
pub async fn adding_somebody_who_does_not_exist_adds_nobody<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice]).await;
    let adding = Change::Add(vec![bob, AccountId(u64::MAX)]);
    assert_eq!(change(store, alice, conversation, adding).await, Err(StoreError::NotFound));
    assert_eq!(store.head(bob, conversation).await, Err(StoreError::NotFound));
    assert_eq!(events(store, alice, conversation).await.len(), 1);
}

/// In one step, by the next event, which the leaver still sees.
pub async fn leaving_tells_and_removes<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let event = change(store, bob, conversation, Change::Leave).await.unwrap().unwrap();
    assert_eq!((event.seq, event.sender, event.kind), (Seq(2), bob, kind::MEMBER_LEFT));
    assert_eq!(events(store, bob, conversation).await.last(), Some(&event));
    assert_eq!(head(store, alice, conversation).await.member_count, 1);
    assert!(head(store, bob, conversation).await.left);
    assert_eq!(present(store, conversation).await.members, [(alice, Seq(1))]);
}

/// The second time tells nobody.
pub async fn leaving_twice_changes_nothing<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    let before = head(store, alice, conversation).await;
    assert_eq!(change(store, bob, conversation, Change::Leave).await, Ok(None));
    assert_eq!(head(store, alice, conversation).await, before);
}

/// For everybody.
pub async fn renaming_tells_and_renames<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let event = change(store, bob, conversation, Change::Rename("散步".to_owned())).await.unwrap().unwrap();
    assert_eq!((event.seq, event.sender, event.kind), (Seq(2), bob, kind::RENAMED));
    for member in [alice, bob] {
        let head = head(store, member, conversation).await;
        assert_eq!((head.title.as_str(), head.last), ("散步", event.clone()));
    }
}

/// It may look, no more.
pub async fn who_left_changes_nothing<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    for wish in [Change::Add(vec![carol]), Change::Add(vec![bob]), Change::Rename("mine".to_owned())] {
        assert_eq!(change(store, bob, conversation, wish).await, Err(StoreError::NotAllowed));
    }
    assert_eq!(events(store, alice, conversation).await.len(), 2);
}

/// A foreign id and one that does not exist are the same to every question.
pub async fn strangers_find_nothing<S: Store>(store: &S) {
    let [alice, eve] = people(store).await;
    let of_alice = group(store, &[alice]).await;
    for conversation in [of_alice, ConversationId(0), ConversationId(u64::MAX)] {
        let not_found = StoreError::NotFound;
        for wish in [Change::Add(vec![eve]), Change::Leave, Change::Rename("mine".to_owned())] {
            assert_eq!(change(store, eve, conversation, wish).await, Err(not_found.clone()));
        }
        assert_eq!(try_say(store, eve, conversation, "let me in").await, Err(not_found.clone()));
        assert_eq!(store.head(eve, conversation).await, Err(not_found.clone()));
        assert_eq!(store.members(eve, conversation, AccountId(0), 10).await, Err(not_found.clone()));
        assert_eq!(store.members_among(eve, conversation, &[alice]).await, Err(not_found.clone()));
        assert_eq!(store.range(eve, conversation, super::fixture::EVERYTHING).await, Err(not_found.clone()));
        assert_eq!(read_to(store, eve, conversation, Seq(1)).await, Err(not_found));
    }
}

/// Which rises with those who come and go, and with nothing else; each member with its first seq.
pub async fn the_list_of_present_members_has_a_version<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let present = || present(store, conversation);
    assert_eq!(
        (present().await.changed, present().await.members),
        (Seq(1), vec![(alice, Seq(1)), (bob, Seq(1))])
    );

    say(store, alice, conversation, "hello").await;
    change(store, alice, conversation, Change::Rename("runs".to_owned())).await.unwrap();
    assert_eq!(present().await.changed, Seq(1));

    let joined = add(store, alice, conversation, carol).await;
    let members = vec![(alice, Seq(1)), (bob, Seq(1)), (carol, joined)];
    assert_eq!((present().await.changed, present().await.members), (joined, members));

    let left = leave(store, bob, conversation).await;
    assert_eq!(
        (present().await.changed, present().await.members),
        (left, vec![(alice, Seq(1)), (carol, joined)])
    );

    let nothing = super::fixture::present(store, ConversationId(u64::MAX)).await;
    assert_eq!((nothing.changed, nothing.members), (Seq(0), vec![]));
}

/// By account id, and nobody who left; each page says as of when it is.
pub async fn present_members_are_read_in_pages<S: Store>(store: &S) {
    let [alice, bob, carol, dave] = people(store).await;
    let conversation = group(store, &[dave, alice, carol, bob]).await;
    let left = leave(store, bob, conversation).await;
    let page = async |after, limit| {
        let page = store.present_members(conversation, after, limit).await.unwrap();
        assert_eq!(page.changed, left);
        page.members.iter().map(|(member, _)| *member).collect::<Vec<_>>()
    };
    assert_eq!(page(AccountId(0), 2).await, [alice, carol]);
    assert_eq!(page(carol, 2).await, [dave]);
    assert_eq!(page(dave, 2).await, []);
}

/// By account id, present and past.
pub async fn members_are_listed_in_pages<S: Store>(store: &S) {
    let [alice, bob, carol, dave] = people(store).await;
    let conversation = group(store, &[dave, alice, carol, bob]).await;
    let left = leave(store, bob, conversation).await;
    read_to(store, carol, conversation, left).await.unwrap();

    let first = store.members(alice, conversation, AccountId(0), 3).await.unwrap();
    let listed: Vec<_> = first.iter().map(|member| (member.account, member.read, member.left)).collect();
    assert_eq!(listed, [(alice, Seq(0), false), (bob, Seq(0), true), (carol, left, false)]);
    let rest = store.members(alice, conversation, carol, 3).await.unwrap();
    assert_eq!(rest.iter().map(|member| member.account).collect::<Vec<_>>(), [dave]);
    assert_eq!(store.members(alice, conversation, dave, 3).await.unwrap(), []);
}

/// Who is there now is no longer its business.
pub async fn who_left_is_listed_no_members<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    assert_eq!(store.members(bob, conversation, AccountId(0), 10).await, Err(StoreError::NotFound));
}

/// So that names can be shown beside old messages; people who were never in are not told of.
pub async fn members_among_tells_present_and_past<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    let asked = [carol, bob, alice, AccountId(u64::MAX), bob];
    for member in [alice, bob] {
        let found = store.members_among(member, conversation, &asked).await.unwrap();
        let told: Vec<_> = found.iter().map(|member| (member.account, member.left)).collect();
        assert_eq!(told, [(alice, false), (bob, true)]);
    }
}
