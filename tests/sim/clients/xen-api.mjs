// SPDX-License-Identifier: GPL-3.0-or-later
// Drives npm xen-api against a simulated pool; prints one JSON object.
//   node xen-api.mjs NODE_MODULES URL USER PASSWORD_FILE TRANSPORT SECOND_URL
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, url, user, passwordFile, transport, memberUrl] = process.argv.slice(2)
const { createClient } = await import(pathToFileURL(join(modules, 'xen-api', 'index.mjs')))
const password = readFileSync(passwordFile, 'utf8').trim()
const out = {}

const client = where =>
  createClient({ url: where, auth: { user, password }, allowUnauthorized: true, transport })

const waitFor = (xapi, ref, predicate) =>
  new Promise((resolve, reject) => {
    const stop = setTimeout(() => reject(new Error('timeout')), 20e3)
    const look = () => {
      const object = xapi.getObjectByRef(ref, undefined)
      if (predicate(object)) {
        clearTimeout(stop)
        xapi.objects.removeListener('add', look)
        xapi.objects.removeListener('update', look)
        xapi.objects.removeListener('remove', look)
        resolve(object)
      }
    }
    for (const event of ['add', 'update', 'remove']) {
      xapi.objects.on(event, look)
    }
    look()
  })

const xapi = client(url)
await xapi.connect()
xapi.watchEvents()
await xapi.objectsFetched
const objects = Object.values(xapi.objects.all)
out.pool = xapi.pool.name_label
out.hosts = objects.filter(_ => _.$type === 'host').length
out.vms = objects.filter(_ => _.$type === 'VM').length

// create: clone the template, watch it appear
const template = objects.find(_ => _.$type === 'VM' && _.is_a_template)
const vmRef = await xapi.callAsync('VM.clone', template.$ref, 'made by xen-api')
out.cloned = typeof vmRef === 'string' && vmRef.startsWith('OpaqueRef:')
await waitFor(xapi, vmRef, _ => _ !== undefined)
await xapi.callAsync('VM.provision', vmRef)

// events: power state as a watcher sees it
const running = waitFor(xapi, vmRef, _ => _?.power_state === 'Running')
await xapi.callAsync('VM.start', vmRef, false, false)
out.running = (await running).power_state

// a failing task carries its code
out.failure = await xapi.callAsync('VM.start', vmRef, false, false).then(() => 'none', _ => _.code)

// records: entries of a map, and the barrier that waits for its own event
await xapi.setFieldEntry('VM', vmRef, 'other_config', 'key', 'value')
await xapi.setFieldEntry('VM', vmRef, 'other_config', 'key', 'value2')
const after = await xapi.barrier(vmRef)
out.entry = after.other_config.key
out.record = (await xapi.getRecord('VM', vmRef)).name_label

// a task of our own
const task = await xapi.createTask('made by xen-api')
const watched = xapi.watchTask(task)
await xapi.call('task.set_status', task, 'success')
await watched
out.task = 'success'

// transfers with a task
const sr = await xapi.call('pool.get_default_SR', xapi.pool.$ref)
const vdi = await xapi.call('VDI.create', {
  name_label: 'from xen-api', name_description: '', other_config: {}, read_only: false,
  sharable: false, SR: sr, type: 'user', virtual_size: 1048576,
})
const body = Buffer.alloc(1048576, 'xen-api')
const upload = await xapi.createTask('upload')
await xapi.putResource(body, '/import_raw_vdi/', { query: { format: 'raw', vdi }, task: upload })
const response = await xapi.getResource('/export_raw_vdi/', { query: { format: 'raw', vdi } })
const parts = []
for await (const part of response.body ?? response) {
  parts.push(part)
}
out.same = Buffer.concat(parts).equals(body)

await xapi.callAsync('VM.hard_shutdown', vmRef)
const gone = waitFor(xapi, vmRef, _ => _ === undefined)
await xapi.callAsync('VM.destroy', vmRef)
await gone
out.destroyed = true
await xapi.disconnect()

// a member answers HOST_IS_SLAVE, the client goes to the coordinator
const second = client(memberUrl)
await second.connect()
await second.call('pool.get_all')
out.fromMember = second.status
await second.disconnect()
console.log(JSON.stringify(out))
process.exit(0)
