//! Groups in which much is said: the first word goes at once, those right after it together.

use crate::world::{World, on_every_store};

/// More than are told of each thing by itself.
const MEMBERS: usize = 120;

fn group(world: &mut World) -> (u64, Vec<crate::world::Phone>) {
    let mut phones = Vec::new();
    for number in 0..MEMBERS {
        world.now = world.now + anser_protocol::limits::SIGN_IN_WINDOW_MS;
        phones.push(world.register(&format!("m_{number}")));
    }
    let handles: Vec<String> = phones.iter().skip(1).map(|phone| phone.handle.clone()).collect();
    let others: Vec<&str> = handles.iter().map(String::as_str).collect();
    let group = world.group(&phones[0], &others);
    world.deliver();
    phones.iter_mut().for_each(|phone| drop(phone.hears()));
    (group, phones)
}

#[test]
fn what_follows_the_first_word_comes_together_and_everybody_gets_all_of_it() {
    // The courier waits for the moment by the runtime's clock.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    on_every_store(|mut world| {
        let (group, mut phones) = group(&mut world);
        let first = world.say(&phones[0], group, "one").seq;
        world.say(&phones[0], group, "two");
        world.say(&phones[0], group, "three");
        assert!(runtime.block_on(world.node.courier.run_some()));
        assert_eq!(phones[1].hears(), [format!("#{first} one")]);

        assert!(runtime.block_on(world.node.courier.run_some()));
        let together = [format!("#{} two", first + 1), format!("#{} three", first + 2)];
        assert_eq!(phones[1].hears(), together);
        for phone in &mut phones[2..] {
            assert_eq!(phone.hears(), [&[format!("#{first} one")], &together[..]].concat());
        }
    });
}

#[test]
fn a_head_does_not_go_past_what_was_said_before() {
    on_every_store(|mut world| {
        let (group, mut phones) = group(&mut world);
        let first = world.say(&phones[0], group, "one").seq;
        world.say(&phones[0], group, "two");
        let title = anser_protocol::wire::RenameGroup { conversation: group, title: "Wine".to_owned() };
        world.head(&phones[0], anser_protocol::wire::request::Call::RenameGroup(title));
        world.deliver();
        let heard = phones[1].hears();
        let place = |words: &str| heard.iter().position(|heard| heard.contains(words));
        assert!(place(" two") < place("head "), "{heard:?}");
        assert_eq!(heard[0], format!("#{first} one"));
    });
}
