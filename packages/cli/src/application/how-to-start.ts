/** Told wherever no running application answers. */
export const HOW_TO_START = [
  'a cache lives in its process, which has to be asked: start an inspector in the application,',
  "  import { startInspector } from '@holdfast/inspector';",
  '  await startInspector({ port: 9464, token: process.env.HOLDFAST_INSPECTOR_TOKEN });',
  'and say where it is: HOLDFAST_INSPECTOR_URL=http://127.0.0.1:9464 (or --url, or --socket for a unix socket),',
  'and its token: HOLDFAST_INSPECTOR_TOKEN, or --token-file FILE',
].join('\n');
