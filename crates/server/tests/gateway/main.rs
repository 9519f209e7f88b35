//! A whole server over real sockets: stories of people who write to each other, and of peers who misbehave.
//!
//! | module | whose story |
//! |---|---|
//! | `chat` | people write to each other and see it at once |
//! | `away` | somebody was not there and catches up |
//! | `once` | somebody sends again, not knowing whether it arrived |
//! | `order` | many send at once |
//! | `devices` | somebody has several devices, and ends some |
//! | `sign_in` | somebody guesses passwords |
//! | `bad_input` | somebody sends what must not be sent |
//! | `foreign` | somebody asks for what is not theirs |
//! | `silence` | thousands connect and say nothing |
//! | `slow_reader` | somebody does not read |
//! | `stop` | the server stops |
//! | `carriers` | all of these, over every carrier |
//! | `polling` | somebody's network lets no WebSocket through |
//! | `pages` | browsers, monitors and certificates |

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod away;
mod bad_input;
mod carriers;
mod chat;
mod devices;
mod foreign;
mod helpers;
mod once;
mod order;
mod pages;
mod polling;
mod sign_in;
mod silence;
mod slow_reader;
mod stop;
