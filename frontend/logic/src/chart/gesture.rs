//! What fingers and the mouse do on the heatmap: a click, a drag that moves time or marks a region, two
//! fingers that zoom. Pure: pointers in, deeds out.

/// What a drag does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Marks a region.
    #[default]
    Brush,
    /// Moves the time axis.
    Pan,
}

/// What a movement means. Positions and distances are CSS pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    /// Nothing but pointing.
    None,
    /// The picture follows the finger by so much.
    Pan { by: f64 },
    /// The time axis becomes so many times as long, around `at`.
    Zoom { factor: f64, at: f64 },
    /// The region between two corners.
    Brush { from: (f64, f64), to: (f64, f64) },
}

/// How far a pointer moves before it drags, in CSS pixels.
const SLOP: f64 = 5.0;

/// One pointer that is down.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Finger {
    id: i32,
    x: f64,
    y: f64,
}

/// The pointers that are down, and what they are up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gesture {
    fingers: Vec<Finger>,
    start: (f64, f64),
    tool: Tool,
    /// It was more than a click.
    dragged: bool,
}

impl Gesture {
    /// A pointer goes down.
    pub fn down(&mut self, id: i32, x: f64, y: f64, tool: Tool) {
        self.fingers.retain(|finger| finger.id != id);
        if self.fingers.is_empty() {
            self.start = (x, y);
            self.tool = tool;
            self.dragged = false;
        }
        if self.fingers.len() < 2 {
            self.fingers.push(Finger { id, x, y });
        }
    }

    /// A pointer moves, down or not.
    pub fn moved(&mut self, id: i32, x: f64, y: f64) -> Deed {
        let Some(at) = self.fingers.iter().position(|finger| finger.id == id) else {
            return Deed::None;
        };
        let before = self.fingers.clone();
        self.fingers[at] = Finger { id, x, y };
        if let ([a0, b0], [a, b]) = (&before[..], &self.fingers[..]) {
            self.dragged = true;
            let (wide, now) = ((a0.x - b0.x).abs().max(1.0), (a.x - b.x).abs().max(1.0));
            return Deed::Zoom {
                factor: wide / now,
                at: f64::midpoint(a.x, b.x),
            };
        }
        let (dx, dy) = (x - self.start.0, y - self.start.1);
        if !self.dragged && dx * dx + dy * dy < SLOP * SLOP {
            return Deed::None;
        }
        let by = if self.dragged { x - before[at].x } else { dx };
        self.dragged = true;
        match self.tool {
            Tool::Pan => Deed::Pan { by },
            Tool::Brush => Deed::Brush {
                from: self.start,
                to: (x, y),
            },
        }
    }

    /// A pointer goes up, or is taken away.
    pub fn up(&mut self, id: i32) {
        self.fingers.retain(|finger| finger.id != id);
        // One finger that stays after a zoom moves time and marks nothing.
        if let [last] = &self.fingers[..] {
            (self.start, self.tool) = ((last.x, last.y), Tool::Pan);
        }
    }

    /// Whether the last pointer that was down did more than click.
    pub fn was_drag(&self) -> bool {
        self.dragged
    }

    pub fn is_down(&self) -> bool {
        !self.fingers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Deed, Gesture, Tool};

    #[test]
    fn a_shaky_click_is_no_drag() {
        let mut gesture = Gesture::default();
        gesture.down(1, 100.0, 100.0, Tool::Brush);
        assert_eq!(gesture.moved(1, 102.0, 99.0), Deed::None);
        gesture.up(1);
        assert!(!gesture.was_drag() && !gesture.is_down());
        assert_eq!(gesture.moved(1, 300.0, 99.0), Deed::None);
    }

    #[test]
    fn a_drag_marks_a_region_or_moves_time() {
        let mut gesture = Gesture::default();
        gesture.down(1, 100.0, 100.0, Tool::Brush);
        let (from, to) = ((100.0, 100.0), (150.0, 90.0));
        assert_eq!(gesture.moved(1, to.0, to.1), Deed::Brush { from, to });
        gesture.up(1);
        assert!(gesture.was_drag());
        gesture.down(1, 100.0, 100.0, Tool::Pan);
        assert!(!gesture.was_drag());
        assert_eq!(gesture.moved(1, 110.0, 0.0), Deed::Pan { by: 10.0 });
        assert_eq!(gesture.moved(1, 107.0, 0.0), Deed::Pan { by: -3.0 });
    }

    #[test]
    fn two_fingers_zoom_and_the_one_that_stays_moves_time() {
        let mut gesture = Gesture::default();
        gesture.down(1, 100.0, 100.0, Tool::Brush);
        gesture.down(2, 200.0, 100.0, Tool::Brush);
        let (factor, at) = (0.5, 200.0);
        assert_eq!(gesture.moved(2, 300.0, 80.0), Deed::Zoom { factor, at });
        // A third finger does nothing.
        gesture.down(3, 0.0, 0.0, Tool::Brush);
        assert_eq!(gesture.moved(3, 50.0, 0.0), Deed::None);
        gesture.up(1);
        assert_eq!(gesture.moved(2, 320.0, 80.0), Deed::Pan { by: 20.0 });
        gesture.up(2);
        assert!(!gesture.is_down());
    }
}
