"""One column each: input down, typed message up, its own load worker."""
