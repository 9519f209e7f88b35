//! What the machine itself charges: the raw costs beside which all other figures are to be read.

use anyhow::Result;

use crate::figure::Figure;
use crate::raw::{disk, echo, fan_out};
use crate::setting::{Setting, push_frame, send_frame};

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let (connections, members) = setting.size.of((500, 1_000), (3, 5));
    let bytes = send_frame().len();
    let mut figures = Vec::new();
    for window in [1, 8] {
        let tcp = echo::tcp(setting, connections, window, bytes).await?;
        figures.push(Figure::new(format!("raw.tcp-echo.window-{window}"), tcp, "us"));
        let websocket = echo::websocket(setting, connections, window, bytes).await?;
        figures.push(Figure::new(format!("raw.websocket-echo.window-{window}"), websocket, "us").beside(tcp));
    }
    let together = echo::websocket_together(setting, connections, 16, bytes).await?;
    figures.push(Figure::new("raw.websocket-echo.16-in-a-write", together, "us"));
    let write = fan_out::write(setting, members, fan_out::ROUNDS_PER_SECOND, push_frame().len()).await?;
    figures.push(Figure::new("raw.write", write, "us"));
    for rows in [1, 16, 256] {
        let disk = disk::append(setting, rows).await?;
        figures.push(Figure::new(format!("raw.append-{rows}.fdatasync-p50"), disk.sync_us, "us"));
        figures.push(Figure::new(format!("raw.append-{rows}.rows"), disk.rows_per_second, "/s"));
    }
    Ok(figures)
}
