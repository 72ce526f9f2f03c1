// Finishes the folder of web assets: one style sheet, and a compressed copy (.br, .gz) of every file, so that the server
// never compresses the same bytes twice. Node has both codecs; Debian's brotli need not be installed.
//   node assets.mjs FOLDER STYLE.css…      style sheets are joined in the order given
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [folder, ...styles] = process.argv.slice(2);
writeFileSync(join(folder, 'nimdeck.css'), styles.map((file) => readFileSync(file, 'utf8')).join('\n'));

for (const name of readdirSync(folder).sort()) {
  const bytes = readFileSync(join(folder, name));
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(join(folder, `${name}.br`), brotli);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  const kb = (n) => `${(n / 1024).toFixed(0)} kB`;
  console.log(`    ${name}: ${kb(bytes.length)}, brotli ${kb(brotli.length)}`);
}
