//! Behind a usual reverse proxy, as Debian has it, which is reloaded while people write.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::helpers::{Person, TestServer, opening, register};

/// Gives up on what does not come; no test measures time.
const PATIENCE: Duration = Duration::from_secs(120);

/// What most people write into nginx at first: no WebSocket gets through, and answers are buffered.
const PLAIN: &str = "";
/// What the manual tells them to add.
const WITH_WEBSOCKET: &str = "proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;";

/// An nginx of this test's own.
struct Nginx {
    program: PathBuf,
    dir: TempDir,
    address: SocketAddr,
    server: SocketAddr,
    child: Child,
}

impl Nginx {
    async fn before(server: SocketAddr, more: &str) -> Nginx {
        let program = program();
        let dir = tempfile::tempdir().unwrap();
        // Its workers are another user, if it was started by root.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        write_configuration(dir.path(), address, server, more);
        let child = command(&program, dir.path()).args(["-g", "daemon off;"]).spawn().unwrap();
        let nginx = Nginx { program, dir, address, server, child };
        soon("nginx", async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        nginx
    }

    fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Reads another configuration; connections through the old one end a second later.
    fn reload(&self, more: &str) {
        write_configuration(self.dir.path(), self.address, self.server, more);
        assert!(command(&self.program, self.dir.path()).args(["-s", "reload"]).status().unwrap().success());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _stopping = command(&self.program, self.dir.path()).args(["-s", "stop"]).status();
        let _ended = self.child.wait();
    }
}

/// `$NGINX`, or where Debian puts it.
fn program() -> PathBuf {
    let program = std::env::var_os("NGINX").map_or_else(|| PathBuf::from("/usr/sbin/nginx"), PathBuf::from);
    assert!(
        program.is_file(),
        "{} is not there: `apt-get install nginx`, or let NGINX say where it is (`cargo xtask test` does both)",
        program.display()
    );
    program
}

fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf")).arg("-e").arg(dir.join("error.log"));
    command
}

fn write_configuration(dir: &Path, address: SocketAddr, server: SocketAddr, more: &str) {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temp: String = kinds.iter().map(|kind| format!("    {kind}_temp_path {kind};\n")).collect();
    let text = format!(
        "worker_processes 1;
worker_shutdown_timeout 1s;
pid nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
{temp}    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://{server};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            {more}
        }}
    }}
}}
"
    );
    fs::write(dir.join("nginx.conf"), text).unwrap();
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until the server has so many links of this carrier.
async fn has_links(server: &TestServer, carrier: &str, count: u64) {
    let line = format!("anser_links{{carrier=\"{carrier}\"}} {count}\n");
    let watching = async {
        while !metrics(server).await.contains(&line) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(&line, watching).await;
}

async fn metrics(server: &TestServer) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn behind_nginx_people_write_on_while_it_is_reloaded() {
    let server = TestServer::start().await;
    let nginx = Nginx::before(server.address(), PLAIN).await;
    let mut alice = Person::open(&nginx.url(), &server.dir_of("alice")).await;
    alice.does(register("alice")).await;
    let mut bob = Person::open(&nginx.url(), &server.dir_of("bob")).await;
    bob.does(register("bob")).await;
    let conversation = alice.talks_to("bob").await;
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    has_links(&server, "poll", 2).await;

    let mut said = Vec::new();
    for (round, more) in [PLAIN, WITH_WEBSOCKET, WITH_WEBSOCKET, PLAIN].into_iter().enumerate() {
        for number in 0..20 {
            if number == 10 {
                nginx.reload(more);
            }
            said.push(format!("{round}-{number}"));
            alice.writes(conversation, &said[said.len() - 1]).await;
        }
        bob.sees("all of it", |screen| screen.texts(conversation) == said).await;
        alice.sees("all of it", |screen| screen.texts(conversation) == said).await;
        let carrier = if more == PLAIN { "poll" } else { "websocket" };
        has_links(&server, carrier, 2).await;
    }
    alice.sees("that it was delivered", |screen| screen.has_delivered(conversation)).await;
}
