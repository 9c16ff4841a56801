// SPDX-License-Identifier: GPL-3.0-or-later
// Starts every VM of a pool through npm xen-api, so many at a time.
//   node start-many.mjs NODE_MODULES URL USER PASSWORD_FILE PARALLEL
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, url, user, passwordFile, parallel] = process.argv.slice(2)
const { createClient } = await import(pathToFileURL(join(modules, 'xen-api', 'index.mjs')))
const xapi = createClient({
  url,
  auth: { user, password: readFileSync(passwordFile, 'utf8').trim() },
  allowUnauthorized: true,
})
await xapi.connect()
xapi.watchEvents()
await xapi.objectsFetched
const vms = Object.values(xapi.objects.all).filter(
  _ => _.$type === 'VM' && !_.is_a_template && !_.is_control_domain && !_.is_a_snapshot
)
const worker = async () => {
  for (let vm = vms.pop(); vm !== undefined; vm = vms.pop()) {
    await xapi.callAsync('VM.start', vm.$ref, false, false)
  }
}
await Promise.all(Array.from({ length: Number(parallel) }, worker))
await xapi.disconnect()
process.exit(0)
