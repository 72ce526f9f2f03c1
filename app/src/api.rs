//! Server functions: the pages' side of the port. Each begins with its permission.
