//! Heights and lengths in the spoken shape: 1m65 is "một mét sáu mươi lăm".

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::count;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let metres = cx.num(0).filter(|d| d.len() <= 3)?;
    if !cx.glued(1) || cx.text(1) != "m" || !cx.glued(2) {
        return None;
    }
    let rest = cx.num(2).filter(|d| d.len() == 2 || (d.len() == 1 && !matches!(*d, "2" | "3")))?;
    let ends = !(cx.glued(3) && matches!(cx.kind(3), Kind::Word | Kind::Num));
    let region = cx.region();
    ends.then(|| {
        Reading::say(3, format!("{} mét {}", count(metres, region), count(rest, region)), Class::Measure, "chiều dài")
    })
}
