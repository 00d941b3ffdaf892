/** What turns numbers into pixels and pages, with no framework, in Node and in browsers: color maps, rasters, PNG, charts, the frame of a page. */

export {};
