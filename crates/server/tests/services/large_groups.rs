//! Groups of more than a thousand: told piece by piece, with what others say in between.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anser_protocol::limits;
use anser_protocol::wire;
use anser_protocol::wire::request::Call;
use anser_store::Store;
use anser_store::memory::MemoryStore;
use anser_store::sqlite::SqliteStore;

use crate::world::{Phone, World, wait};

/// A group that is a little too large to be told at once.
const MEMBERS: usize = limits::LARGE_GROUP_MEMBERS + 100;

struct Large {
    world: World,
    group: u64,
    /// All members; the first one made the group.
    phones: Vec<Phone>,
}

/// Tells the same story on every store there is.
fn on_every_store(story: impl Fn(Large)) {
    let dir = tempfile::tempdir().unwrap();
    let on_disk = SqliteStore::open(dir.path()).unwrap().with_group_members_max(limits::GROUP_MEMBERS_MAX);
    story(Large::on(Arc::new(on_disk)));
    story(Large::on(in_memory()));
}

fn in_memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new().with_group_members_max(limits::GROUP_MEMBERS_MAX))
}

fn register(world: &mut World, handle: &str) -> Phone {
    world.now = world.now + limits::SIGN_IN_WINDOW_MS;
    world.register(handle)
}

fn add(conversation: u64, handles: &[&str]) -> Call {
    let handles = handles.iter().map(|&handle| handle.to_owned()).collect();
    Call::AddMembers(wire::AddMembers { conversation, handles })
}

impl Large {
    /// Everybody is here, and has heard of the group.
    fn on(store: Arc<dyn Store>) -> Large {
        let mut world = World::new(store, true);
        let mut phones = Vec::new();
        for number in 0..MEMBERS {
            phones.push(register(&mut world, &format!("m_{number}")));
        }
        let group = world.group(&phones[0], &[]);
        for some in phones[1..].chunks(limits::MEMBERS_PER_REQUEST_MAX) {
            let handles: Vec<&str> = some.iter().map(|phone| phone.handle.as_str()).collect();
            world.head(&phones[0], add(group, &handles));
        }
        world.deliver();
        let mut large = Large { world, group, phones };
        large.hear();
        large
    }

    /// What each member heard.
    fn hear(&mut self) -> Vec<Vec<String>> {
        self.phones.iter_mut().map(Phone::hears).collect()
    }

    /// One turn of the courier.
    fn turn(&mut self) {
        assert!(wait(self.world.node.courier.run_some()));
    }

    /// The seq of the next event.
    fn next(&self) -> u64 {
        self.world.sync(&self.phones[0], 0).heads[0].last_seq + 1
    }
}

#[test]
fn what_others_say_goes_between_the_pieces() {
    on_every_store(|mut large| {
        let carol = register(&mut large.world, "carol");
        let mut dave = register(&mut large.world, "dave");
        let chat = large.world.direct(&carol, "dave");
        large.world.deliver();
        dave.hears();

        let next = large.next();
        large.world.say(&large.phones[0], large.group, "to all");
        large.turn();
        large.world.say(&carol, chat, "to dave");
        large.turn();
        assert_eq!(dave.hears(), ["#2 to dave"]);
        let heard = large.hear();
        let told = heard.iter().filter(|heard| !heard.is_empty()).count();
        assert!((1..MEMBERS - 1).contains(&told), "{told} were told before it was somebody else's turn");

        large.world.deliver();
        let later = large.hear();
        for (number, (first, later)) in heard.into_iter().zip(later).enumerate() {
            let expected = if number == 0 { vec![] } else { vec![format!("#{next} to all")] };
            assert_eq!([first, later].concat(), expected, "m_{number}");
        }
    });
}

#[test]
fn everybody_gets_everything_once_and_in_order() {
    on_every_store(|mut large| {
        let next = large.next();
        let mut heard = vec![Vec::new(); MEMBERS];
        for number in 0..5 {
            large.world.say(&large.phones[0], large.group, &number.to_string());
            // Some are told meanwhile, and some messages come together.
            large.turn();
            let news = large.hear();
            heard.iter_mut().zip(news).for_each(|(heard, news)| heard.extend(news));
        }
        large.world.deliver();
        let news = large.hear();
        heard.iter_mut().zip(news).for_each(|(heard, news)| heard.extend(news));
        let expected: Vec<String> = (0..5).map(|number| format!("#{} {number}", next + number)).collect();
        assert_eq!(heard[0], [""; 0]);
        assert!(heard[1..].iter().all(|heard| *heard == expected));
    });
}

#[test]
fn who_comes_and_goes_is_told_by_a_head_and_the_others_by_the_event() {
    on_every_store(|mut large| {
        let mut carol = register(&mut large.world, "carol");
        let next = large.next();
        large.world.head(&large.phones[0], add(large.group, &["carol", "m_7"]));
        large.world.deliver();
        assert_eq!(carol.hears(), [format!("head #{next} Cheese"), format!("#{next} 1 added")]);
        let heard = large.hear();
        assert_eq!(heard[0], [format!("head #{next} Cheese"), format!("#{next} 1 added")]);
        assert_eq!(heard[1], [format!("#{next} 1 added")]);

        let group = large.group;
        large.world.head(&carol, Call::LeaveGroup(wire::LeaveGroup { conversation: group }));
        large.world.say(&large.phones[1], group, "gone");
        large.world.deliver();
        assert_eq!(carol.hears(), [format!("head #{} Cheese", next + 1)]);
        let heard = large.hear();
        assert_eq!(heard[9], [format!("#{} left", next + 1), format!("#{} gone", next + 2)]);
    });
}

#[test]
fn a_new_title_is_told_by_its_event() {
    on_every_store(|mut large| {
        let next = large.next();
        let call = wire::RenameGroup { conversation: large.group, title: "Wine".to_owned() };
        large.world.head(&large.phones[0], Call::RenameGroup(call));
        large.world.deliver();
        let heard = large.hear();
        assert_eq!(heard[0], [format!("head #{next} Wine"), format!("#{next} renamed")]);
        assert!(heard[1..].iter().all(|heard| *heard == [format!("#{next} renamed")]));
    });
}

/// However late the members are known that somebody on the way through them began to read before.
#[test]
fn whoever_left_hears_nothing_of_what_was_said_since() {
    on_every_store(|mut large| {
        // A notice that is lost makes the courier forget who is in.
        large.world.lose_notices(true);
        large.world.say(&large.phones[0], large.group, "lost");
        large.world.lose_notices(false);
        large.world.bus.tail();
        large.world.deliver();
        large.hear();

        // The first page is read, and so holds whoever comes first.
        large.world.say(&large.phones[0], large.group, "one");
        large.turn();
        let first = (1..MEMBERS).min_by_key(|number| large.phones[*number].asker.account).unwrap();
        let leave = wire::LeaveGroup { conversation: large.group };
        large.world.head(&large.phones[first], Call::LeaveGroup(leave));
        large.world.say(&large.phones[0], large.group, "a secret");
        large.world.deliver();
        let told_secret: Vec<bool> =
            large.hear().iter().map(|heard| heard.iter().any(|heard| heard.contains("secret"))).collect();
        let expected: Vec<bool> = (0..MEMBERS).map(|number| number != 0 && number != first).collect();
        assert_eq!(told_secret, expected);
    });
}

/// Each session is a task here, as on a node: who is woken is behind all who were woken before.
#[test]
fn somebody_else_waits_for_few_of_them() {
    let Large { mut world, group, phones } = Large::on(in_memory());
    let (carol, dave) = (register(&mut world, "carol"), register(&mut world, "dave"));
    let chat = world.direct(&carol, "dave");
    world.deliver();
    let call = Call::Send(world.text(group, "to all"));
    let send_to_all = world.begin(&phones[0], call);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let served_between = runtime.block_on(async {
        let served = Arc::new(AtomicUsize::new(0));
        for phone in phones {
            tokio::spawn(serve(phone, served.clone()));
        }
        let of_dave = Arc::new(AtomicUsize::new(0));
        tokio::spawn(serve(dave, of_dave.clone()));
        // The head of his chat is the first thing that he is told. Then all of them wait.
        while of_dave.load(Ordering::Relaxed) < 1 {
            tokio::task::yield_now().await;
        }
        send_to_all.await.unwrap();
        let mut said_at = None;
        while of_dave.load(Ordering::Relaxed) < 2 {
            tokio::select! {
                biased;
                _ = world.node.courier.run_some() => {}
                () = tokio::task::yield_now() => {}
            }
            if said_at.is_none() && served.load(Ordering::Relaxed) > 0 {
                said_at = Some(served.load(Ordering::Relaxed));
                world.say(&carol, chat, "to dave");
            }
        }
        served.load(Ordering::Relaxed) - said_at.unwrap()
    });
    assert!(served_between < MEMBERS / 8, "{served_between} of {MEMBERS} were served before him");
}

/// Takes its mail, and counts it, as a link does: before it writes, everybody else has a turn.
async fn serve(mut phone: Phone, served: Arc<AtomicUsize>) {
    loop {
        poll_fn(|context| phone.mailbox.poll_next(context)).await;
        tokio::task::yield_now().await;
        served.fetch_add(1, Ordering::Relaxed);
    }
}
