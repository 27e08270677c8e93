/** Whether a host, as a URL or an option has it, is this machine and nothing else. */
export const isLoopback = (host: string): boolean => host === 'localhost' || isLoopbackAddress(host);

/** 127.0.0.0/8 and ::1; not the name `localhost`, which a hosts file may send anywhere. */
export const isLoopbackAddress = (host: string): boolean =>
  /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host) || host === '::1' || host === '[::1]';
