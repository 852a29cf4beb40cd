//! Promise: sessions of any shape become the scans they are.
