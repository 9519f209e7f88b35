//! The same stories over every carrier: whatever moves the frames, the server is the same (promise L1).

use anser_protocol::link::Carrier;

use crate::helpers::over;

/// Plays each of these stories over each carrier but WebSocket, over which they are played where they stand.
macro_rules! over_every_carrier {
    ($($module:ident: $($story:ident)+;)+) => {
        mod long_poll {
            $(mod $module {
                $(#[test] fn $story() {
                    super::super::over(super::super::Carrier::LongPoll, crate::$module::$story);
                })+
            })+
        }
        mod short_poll {
            $(mod $module {
                $(#[test] fn $story() {
                    super::super::over(super::super::Carrier::ShortPoll, crate::$module::$story);
                })+
            })+
        }
        /// What stands in each module, and what of it is played.
        const PLAYED: &[(&str, &str, &[&str])] = &[
            $((stringify!($module), include_str!(concat!(stringify!($module), ".rs")), &[$(stringify!($story)),+]),)+
        ];
    };
}

over_every_carrier! {
    chat:
        two_people_write_to_each_other
        a_chat_that_is_new_comes_to_the_other_by_itself
        several_people_write_into_a_group
        everybody_sees_how_far_the_others_got
        a_beat_says_how_many_pushes_there_were;
    away:
        who_was_away_learns_in_one_exchange_what_changed
        who_missed_nothing_is_told_nothing
        many_changed_conversations_come_in_pages_newest_first
        what_was_said_is_there_after_a_restart;
    once:
        the_same_key_gives_the_first_result_and_stores_nothing
        the_same_key_with_another_content_is_refused
        whether_a_message_is_stored_is_told_to_its_sender_only
        two_senders_may_happen_to_choose_the_same_key;
    order:
        fifty_senders_into_one_group_make_one_order_for_all
        what_one_link_sends_without_waiting_stays_in_order;
    devices:
        ones_other_devices_see_what_one_sends_and_reads
        a_device_that_is_ended_is_told_so_and_cannot_come_back
        signing_out_is_answered_and_then_over
        a_fifth_link_of_a_device_ends_the_oldest;
    sign_in:
        guessing_is_slowed_down_and_tells_nothing
        one_address_may_not_try_for_ever_and_another_still_may
        a_closed_server_makes_no_accounts_and_still_lets_people_in
        a_taken_handle_stays_with_its_owner;
    bad_input:
        frames_that_make_no_sense_end_the_link_with_their_reason
        frames_that_only_servers_send_end_the_link
        who_has_not_said_hello_can_ask_for_nothing
        a_hello_that_will_not_do_is_refused_with_its_reason
        what_comes_out_of_order_ends_the_link
        a_request_that_makes_no_sense_is_answered_and_the_link_goes_on
        exactly_the_limit_is_taken_and_one_more_is_not
        a_frame_of_exactly_the_limit_is_read
        who_asks_too_much_at_once_is_told_for_each_request;
    foreign:
        foreign_conversations_do_not_exist
        foreign_devices_do_not_exist
        who_left_reads_up_to_there_and_writes_no_more;
    slow_reader:
        who_does_not_read_is_closed_by_name_and_holds_nobody_up;
    stop:
        a_server_that_stops_tells_everybody_to_come_back
        whatever_was_begun_is_finished_and_answered;
}

/// Stories about what only a WebSocket has: its messages, or a good-bye that one hears and does not answer.
const ONLY_WEBSOCKET: [&str; 4] = [
    "what_is_not_a_binary_message_ends_the_link",
    "a_message_in_pieces_is_put_together_up_to_the_limit",
    "a_link_that_breaks_off_in_the_middle_of_a_frame_harms_nobody",
    "while_it_stops_it_lets_nobody_in_and_says_so",
];

#[test]
fn no_story_is_left_out() {
    for (module, text, played) in PLAYED {
        let told = text.split("#[tokio::test]").skip(1);
        for story in told.filter_map(|rest| rest.split("fn ").nth(1)?.split('(').next()) {
            assert!(
                played.contains(&story) || ONLY_WEBSOCKET.contains(&story),
                "{module}::{story} is played over WebSocket only: name it here"
            );
        }
    }
}
