// SPDX-License-Identifier: GPL-3.0-or-later
// Writes an XVA with Xen Orchestra's own writer: node write-xva.mjs DISK.raw > OUT.xva
import { createReadStream, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { finished } from 'node:stream/promises'

const modules = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../../build/node_modules')
const { importVm } = await import(pathToFileURL(`${modules}/@xen-orchestra/xva/importVm.mjs`))

const file = process.argv[2]
const size = statSync(file).size
const disk = {
  footer: { currentSize: size },
  rawContent: async () => createReadStream(file),
}
const vm = {
  name_label: "written by Xen Orchestra's writer",
  memory: 268435456,
  nCpus: 1,
  firmware: 'bios',
  networks: [],
  vhds: [disk],
  vdis: [{ name_label: 'disk 0', virtual_size: size }],
}
const xapi = {
  task_create: async () => 'OpaqueRef:task',
  // In Xen Orchestra this sends the stream to a host.
  putResource: async pack => {
    pack.pipe(process.stdout)
    await finished(pack)
    return 'OpaqueRef:00000000-0000-0000-0000-000000000000'
  },
}
await importVm(vm, xapi, { $ref: 'OpaqueRef:sr', uuid: 'sr', content_type: 'user' }, undefined)
