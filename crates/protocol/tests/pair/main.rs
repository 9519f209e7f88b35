//! Both ends of a link together: what they promise, as transcripts under a fake clock.

mod carriers;
mod death;
mod greeting;
mod heartbeat;
mod pushes;
mod reconnect;
mod requests;
mod session_rules;
mod silences;
mod world;
