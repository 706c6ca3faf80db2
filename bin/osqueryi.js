#!/usr/bin/env -S node --allow-natives-syntax
require('./start.js').start('osqueryi');
