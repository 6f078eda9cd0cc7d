//! How this office reads aloud: the settings that change words, never meaning.

/// Which dialect's number words are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// nghìn, linh.
    #[default]
    North,
    /// ngàn, lẻ.
    South,
}

impl Region {
    pub(crate) fn thousand(self) -> &'static str {
        match self {
            Self::North => "nghìn",
            Self::South => "ngàn",
        }
    }

    /// The word before a lone unit: 104 is "một trăm linh bốn".
    pub(crate) fn odd(self) -> &'static str {
        match self {
            Self::North => "linh",
            Self::South => "lẻ",
        }
    }
}

/// How the tail of a document number ("36-KH/HU") is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeStyle {
    /// đầy đủ: "số ba mươi sáu, Kế hoạch Huyện ủy".
    #[default]
    Full,
    /// gọn: "số ba mươi sáu của Huyện ủy".
    Short,
    /// đánh vần: "số ba mươi sáu, ca hát, hát u".
    Spelled,
}

/// The office's reading settings; `Voice::default()` is northern and full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voice {
    /// Number words of the north or of the south.
    pub region: Region,
    /// Reading of document codes.
    pub code_style: CodeStyle,
    /// What "TU" stands for here, "Tỉnh ủy" or "Thành ủy". Unset, the first is read and flagged.
    pub tu: Option<String>,
}
