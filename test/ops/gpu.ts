/** WebGPU in tests: whether there is any, and how to lose it. */

export async function findAdapter(): Promise<GPUAdapter | undefined> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu
  return (await gpu?.requestAdapter()) ?? undefined
}

/** Runs `create`, and gives what it returns with the device that it asked for on the way. */
export async function withDevice<T>(create: () => Promise<T>): Promise<{ result: T; device: GPUDevice }> {
  const { requestDevice } = GPUAdapter.prototype
  let device: GPUDevice | undefined
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
    device = await requestDevice.call(this, descriptor)
    return device
  }
  try {
    const result = await create()
    if (device === undefined) throw new Error('no device was asked for')
    return { result, device }
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice
  }
}
