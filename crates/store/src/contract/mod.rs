//! One suite of checks, run on every store: each function holds one promise of the traits.
//!
//! A backend takes part with one line in `tests/contract.rs`. Checks get a store with nothing in it.
//!
//! | module | whose promises |
//! |---|---|
//! | [`accounts`] | accounts, devices, tokens |
//! | [`direct`] | conversations of two |
//! | [`groups`] | making and changing groups |
//! | [`spans`] | what a member may see: from its joining to its leaving |
//! | [`appending`] | dense, repeatable, ordered |
//! | [`ranges`] | reading the log back |
//! | [`positions`] | delivered and read only move forward |
//! | [`unread`] | unread is arithmetic |
//! | [`changes`] | resuming by change position |
//! | [`model`] | the same deeds on the plain model have the same results |
//! | `fixture` | people and what they say, in few words |

// The functions of this folder are tests, though the compiler cannot see that they are.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod accounts;
pub mod appending;
pub mod changes;
pub mod direct;
mod fixture;
pub mod groups;
pub mod model;
pub mod positions;
pub mod ranges;
pub mod spans;
pub mod unread;

pub use futures_executor::block_on;

/// `contract_suite!(name, factory)`: the suite as tests of a backend. What the factory returns keeps a fresh
/// store alive, and dereferences to it.
#[macro_export]
macro_rules! contract_suite {
    ($backend:ident, $factory:path) => {
        mod $backend {
            $crate::contract_checks! { $factory;
                accounts: an_account_comes_with_its_first_device, a_handle_belongs_to_one,
                    an_account_id_belongs_to_one, an_account_is_found_by_its_exact_handle_only,
                    accounts_are_found_by_id, a_device_is_found_by_its_token,
                    a_revoked_token_is_worthless, a_device_is_revoked_by_its_account_only,
                    devices_are_listed_oldest_first, device_ids_are_never_reused,
                    an_account_has_so_many_devices_at_most, a_device_of_nobody_is_not_added,
                    being_seen_moves_forward_only;
                direct: it_is_made_once_whoever_comes_first, two_racing_sides_get_the_same,
                    it_begins_with_the_given_event, it_shows_each_the_other, nobody_opens_one_with_oneself,
                    nobody_opens_one_with_nobody, its_members_and_title_never_change;
                groups: it_begins_with_everybody_named, repeating_the_key_gives_the_first_group,
                    the_same_key_of_another_makes_another, the_key_of_a_message_makes_no_group,
                    the_key_of_a_group_sends_no_message, everybody_named_must_exist,
                    it_holds_so_many_at_most, it_grows_to_so_many_at_most,
                    adding_tells_and_adds, adding_who_is_in_already_changes_nothing,
                    adding_somebody_who_does_not_exist_adds_nobody, leaving_tells_and_removes,
                    leaving_twice_changes_nothing, renaming_tells_and_renames,
                    who_left_changes_nothing, strangers_find_nothing,
                    the_list_of_present_members_has_a_version, present_members_are_read_in_pages,
                    members_are_listed_in_pages,
                    who_left_is_listed_no_members, members_among_tells_present_and_past;
                spans: a_new_member_sees_nothing_older, where_it_begins_is_told_with_its_positions,
                    who_left_keeps_what_it_saw, who_left_keeps_the_head_of_then,
                    who_comes_back_begins_anew, nobody_else_sees_anything,
                    the_creator_sees_the_first_event;
                appending: the_log_is_dense_under_fifty_writers, calls_are_committed_in_their_order,
                    the_sum_of_two_logs_is_two_dense_logs, an_event_is_stored_as_given,
                    a_repeat_gives_the_first_result, a_repeat_is_known_after_leaving,
                    racing_repeats_store_one, a_key_is_not_for_another_content,
                    keys_of_different_senders_do_not_meet, what_was_sent_is_found_by_its_key,
                    looking_for_a_key_waits_for_what_was_queued, strangers_append_nothing,
                    who_left_appends_nothing, the_version_of_the_members_comes_along, a_write_can_be_checked;
                ranges: a_span_comes_in_order, the_limit_keeps_the_nearest, the_bytes_keep_the_nearest,
                    one_event_always_comes, beyond_the_log_is_nothing, it_may_be_asked_to_the_end;
                positions: they_move_forward_only, reading_implies_delivery, zero_leaves_a_part,
                    only_those_that_moved_are_returned, beyond_the_end_refuses_all,
                    a_foreign_one_refuses_all, who_left_moves_up_to_its_end,
                    several_for_one_conversation_count_as_the_farthest;
                unread: it_counts_what_others_said_after_read, own_and_silent_ones_never_count,
                    sending_does_not_read, counting_stops_at_its_limit,
                    it_equals_a_naive_count;
                changes: a_message_lifts_its_conversation, nothing_new_is_an_empty_page,
                    newest_come_first_in_pages, a_head_that_moves_between_pages_is_not_lost,
                    every_kind_of_change_is_seen, positions_of_a_peer_are_seen_in_small_conversations,
                    positions_of_others_are_not_seen_in_large_ones, who_left_sees_no_later_change,
                    conversations_of_others_are_not_seen, a_refused_deed_changes_nothing,
                    no_two_heads_share_a_position;
                model: the_same_deeds_have_the_same_results;
            }
        }
    };
}

/// One test for each check of each module.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_checks {
    ($factory:path; $($room:ident: $($check:ident),+;)+) => {
        $(mod $room {
            $(#[test]
            fn $check() {
                let store = $factory();
                $crate::contract::block_on($crate::contract::$room::$check(&*store));
            })+
        })+
    };
}
