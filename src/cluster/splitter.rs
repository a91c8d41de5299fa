//! Cuts a list into its objects while it arrives, so that neither the whole text nor a tree of it is ever held.

/// Fed with the bytes of `{"metadata":{...},"items":[{...},{...}]}` in pieces of any size.
///
/// Only structure is looked at: depth, strings, and the name of the top-level field. What is between the braces of
/// an item is handed on as text.
#[derive(Default)]
pub(super) struct Splitter {
    /// Bytes of the value being collected: an item, `metadata`, or a top-level key.
    kept: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    place: Place,
    metadata: Option<Vec<u8>>,
    complete: bool,
}

/// Where in the document we are.
#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    /// At depth 1, before or in a key.
    #[default]
    Key,
    /// After the key `metadata`: its value is kept.
    Metadata,
    /// After the key `items`: each object in it is kept.
    Items,
    /// After another key: skipped.
    Other,
}

impl Splitter {
    /// Takes the next bytes and calls `item` with the text of each object completed by them.
    pub fn feed(&mut self, bytes: &[u8], mut item: impl FnMut(&[u8])) {
        for &byte in bytes {
            if self.keeps() {
                self.kept.push(byte);
            }
            if self.in_string {
                self.string(byte);
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    if self.place == Place::Key {
                        self.kept.clear();
                    }
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => self.close(&mut item),
                b':' if self.depth == 1 => self.named(),
                b',' if self.depth == 1 => self.place = Place::Key,
                _ => {}
            }
        }
    }

    /// The list's `metadata`, once it has arrived.
    pub fn metadata(&self) -> Option<&[u8]> {
        self.metadata.as_deref()
    }

    /// Whether the document has been closed: if not, the answer was cut off.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    fn keeps(&self) -> bool {
        match self.place {
            Place::Key => self.in_string,
            Place::Metadata => self.depth >= 2,
            Place::Items => self.depth >= 3,
            Place::Other => false,
        }
    }

    fn string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    fn open(&mut self, byte: u8) {
        self.depth += 1;
        let starts = match self.place {
            Place::Metadata => self.depth == 2,
            Place::Items => self.depth == 3,
            Place::Key | Place::Other => false,
        };
        if starts {
            self.kept.clear();
            self.kept.push(byte);
        }
    }

    fn close(&mut self, item: &mut impl FnMut(&[u8])) {
        self.depth = self.depth.saturating_sub(1);
        match (self.place, self.depth) {
            (Place::Items, 2) => item(&self.kept),
            (Place::Metadata, 1) => self.metadata = Some(std::mem::take(&mut self.kept)),
            (_, 0) => self.complete = true,
            _ => {}
        }
    }

    fn named(&mut self) {
        // the closing quote has been kept as well
        self.place = match self.kept.as_slice() {
            b"metadata\"" => Place::Metadata,
            b"items\"" => Place::Items,
            _ => Place::Other,
        };
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#" {"apiVersion":"v1", "x":{"items":[{"no":1}],"metadata":{}},
        "items" : [{"a":"}]\"{\\"}, {"b":[{"c":[]}]} ,{}],"metadata":{"resourceVersion":"7","m":{}},"kind":"L"}
        "#;

    fn split(text: &str, piece: usize) -> (Vec<String>, Option<String>, bool) {
        let (mut splitter, mut items) = (Splitter::default(), Vec::new());
        for bytes in text.as_bytes().chunks(piece) {
            splitter.feed(bytes, |item| items.push(String::from_utf8(item.to_vec()).unwrap()));
        }
        let metadata = splitter.metadata().map(|m| String::from_utf8(m.to_vec()).unwrap());
        (items, metadata, splitter.is_complete())
    }

    #[test]
    fn objects_come_out_whole_however_the_bytes_arrive() {
        for piece in 1..LIST.len() {
            let (items, metadata, complete) = split(LIST, piece);
            assert_eq!(items, [r#"{"a":"}]\"{\\"}"#, r#"{"b":[{"c":[]}]}"#, "{}"], "in pieces of {piece}");
            assert_eq!(metadata.as_deref(), Some(r#"{"resourceVersion":"7","m":{}}"#));
            assert!(complete);
        }
    }

    #[test]
    fn a_list_cut_off_is_not_complete() {
        let end = LIST.rfind('}').unwrap();
        for cut in 1..end {
            assert!(!split(&LIST[..cut], 9).2, "cut at {cut}");
        }
    }

    #[test]
    fn no_items_is_an_empty_list() {
        assert!(split(r#"{"items":null,"metadata":{}}"#, 3).0.is_empty());
        assert!(split(r#"{"items":[],"metadata":{}}"#, 3).0.is_empty());
    }
}
