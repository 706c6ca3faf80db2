#!/usr/bin/env -S node --allow-natives-syntax --semi-space-growth-factor=1
require('./start.js').start('osqueryctl');
