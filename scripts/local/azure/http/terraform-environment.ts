import { delimiter } from 'node:path';
import { PRINCIPAL_ID, TENANT_ID } from '../arm/authentication';
import { SUBSCRIPTION_ID } from '../arm/surroundings';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that the stand-in's own take the place of; proxies are spelled in capitals or not. */
const OVERRULED = /^(?:ARM_.*|(?:https?|all|no)_proxy)$/i;
/** Where Terraform finds and downloads the plugins of the public registry. */
const PLUGIN_HOSTS = ['registry.terraform.io', 'releases.hashicorp.com'];

/** `environment` with what leads Terraform here. @param trust directory of the certificate that clients have to trust */
export function terraformEnvironment(
  environment: Environment,
  origin: string,
  proxy: string,
  trust: string,
): Environment {
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !OVERRULED.test(name))),
    ARM_METADATA_HOSTNAME: origin.slice('https://'.length),
    ARM_SUBSCRIPTION_ID: SUBSCRIPTION_ID,
    ARM_TENANT_ID: TENANT_ID,
    ARM_CLIENT_ID: PRINCIPAL_ID,
    ARM_CLIENT_SECRET: 'none',
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    NO_PROXY: ['localhost', '127.0.0.1', ...PLUGIN_HOSTS].join(','),
    // The directory adds to the trusted certificates where SSL_CERT_FILE would replace them, and with them the way to a
    // provider registry. Go reads it on Linux and the BSDs; macOS and Windows trust their own stores.
    SSL_CERT_DIR: [trust, environment['SSL_CERT_DIR'] ?? ''].filter(Boolean).join(delimiter),
  };
}
