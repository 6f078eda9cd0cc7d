//! Tables for spreadsheets: CSV in UTF-8 with the mark by which Excel knows it, and without anything in it that a
//! spreadsheet would compute.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;

use crate::queue::StoreError;
use crate::text;

const MARK: &str = "\u{feff}";

/// What stands in a cell as it is: a spreadsheet takes what begins like this for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Lines of a table.
pub(super) fn lines<'r>(rows: impl IntoIterator<Item = Vec<String>> + 'r) -> Result<Bytes, StoreError> {
    let failed =
        |error: String| StoreError::Other(text!("không ghi được CSV: {error}", "cannot write CSV: {error}").en);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| failed(error.to_string()))
}

/// The first line of a table, with the mark before it.
pub(super) fn heading(cells: Vec<String>) -> Result<Bytes, StoreError> {
    let line = lines([cells])?;
    Ok(Bytes::from([MARK.as_bytes(), &line].concat()))
}

/// A table that is read and sent piece by piece. Where it cannot be read to its end, the transfer breaks off, so that
/// nobody takes a part for the whole.
pub(super) fn download(name: &str, pieces: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, Body::from_stream(pieces)).into_response()
}

#[cfg(test)]
mod tests {
    use super::{heading, lines};

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        let cells = ["=1+1", "+84", "-1", "@SUM(A1)", "\tx", "an", "Nguyễn, \"An\"", "a\nb", "1=1"];
        let line = lines([cells.map(str::to_owned).to_vec()]).unwrap_or_default();
        let expected = "'=1+1,'+84,'-1,'@SUM(A1),'\tx,an,\"Nguyễn, \"\"An\"\"\",\"a\nb\",1=1\r\n";
        assert_eq!(line, expected.as_bytes());
        assert!(heading(vec!["địa chỉ".to_owned()]).unwrap_or_default().starts_with(b"\xef\xbb\xbf\xc4\x91"));
    }
}
